# Stand-ins for the libraries, by finite differences: what an adapter makes of its library's answers can be seen
# without the library.

module Differences
const H = 2.0^-10
slope(f, x) = (f(x + H) .- f(x - H)) ./ 2H
at(x, k, t) = x isa Number ? x + t : reshape([vec(x)[j] + (j == k) * t for j in 1:length(x)], size(x))
columns(f, x) = [slope(t -> f(at(x, k, t)), 0.0) for k in 1:length(x)]
gradient(f, x) = x isa Number ? slope(f, x) : reshape(Float64[c for c in columns(f, x)], size(x))
jacobian(f, x) = reduce(hcat, map(vec, columns(f, x)))
shaped(f, x) = f(x) isa Number || x isa Number ? gradient(f, x) : reshape(jacobian(f, x), size(f(x))..., size(x)...)
end

module ForwardDiff
import ..Differences
derivative(f, x::Real) = Differences.slope(f, x)
gradient(f, x::AbstractArray) = Differences.gradient(f, x)
jacobian(f, x::AbstractArray) = Differences.jacobian((y -> y::AbstractArray) ∘ f, x)
end

module ReverseDiff
import ..Differences
gradient(f, x::AbstractArray) = Differences.gradient((y -> y::Real) ∘ f, x)
jacobian(f, x::AbstractArray) = Differences.jacobian((y -> y::AbstractArray) ∘ f, x)
end

module Zygote
import ..Differences
# Nothing, where everything is zero.
none(g) = iszero(g) ? nothing : g
pullback(f, x) = f(x), w -> (none(Differences.gradient(t -> sum(w .* f(t)), x)),)
end

module Mooncake
import ..Differences
prepare_pullback_cache(f, x) = fill(NaN, size(x))
function value_and_pullback!!(cache, w, f, x)
    pulled = Differences.gradient(t -> sum(w .* f(t)), x)
    # What it gives is its own, and is written over.
    return f(x), (nothing, x isa Number ? pulled : copyto!(cache, pulled))
end
end

module Enzyme
import ..Differences
struct Mode end
const Reverse, Forward = Mode(), Mode()
struct Duplicated{T}
    val::T
    dval::T
end
gradient(::Mode, f, x) = (Differences.gradient((y -> y::Real) ∘ f, x),)
jacobian(::Mode, f, x) = (Differences.shaped(f, x),)
autodiff(::Mode, f, x::Duplicated) = (Differences.slope(t -> f(x.val .+ t .* x.dval), 0.0),)
end

module DifferentiationInterface
import ..Differences
struct AutoForwardDiff end
struct AutoReverseDiff end
struct AutoZygote end
struct AutoMooncake
    config
end
AutoMooncake(; config) = AutoMooncake(config)
struct AutoEnzyme
    mode
end
AutoEnzyme(; mode) = AutoEnzyme(mode)
struct SecondOrder{O,I}
    outer::O
    inner::I
end
const First = Union{AutoForwardDiff,AutoReverseDiff,AutoZygote,AutoMooncake,AutoEnzyme}

# What was prepared serves one operator, function and backend, and numbers of one type and shape.
struct Prepared
    signature
end
shape(x::Union{Number,AbstractArray}) = typeof(x), size(x)
shape(t::Tuple) = map(shape, t)
signature(operator, f, backend, arguments...) = operator, typeof(f), typeof(backend), map(shape, arguments)

derivative(f, b::First, x::Number) = Differences.slope(f, x)
gradient(f, b::First, x::AbstractArray) = Differences.gradient((y -> y::Real) ∘ f, x)
jacobian(f, b::First, x::AbstractArray) = Differences.jacobian((y -> y::AbstractArray) ∘ f, x)
pushforward(f, b::First, x, t::Tuple) = map(v -> Differences.slope(h -> f(x .+ h .* v), 0.0), t)
pullback(f, b::First, x, t::Tuple) = map(w -> Differences.gradient(z -> sum(w .* f(z)), x), t)
second_derivative(f, b::SecondOrder, x::Number) = derivative(z -> derivative(f, b.inner, z), b.outer, x)
hessian(f, b::SecondOrder, x::AbstractArray) = jacobian(z -> gradient(f, b.inner, z), b.outer, x)
hvp(f, b::SecondOrder, x::AbstractArray, t::Tuple) = pushforward(z -> gradient(f, b.inner, z), b.outer, x, t)

for name in (:derivative, :gradient, :jacobian, :pushforward, :pullback, :second_derivative, :hessian, :hvp)
    @eval function $(Symbol(:prepare_, name))(f, b, arguments...)
        # Preparation may call the function, and refuses what the operator refuses.
        $name(f, b, arguments...)
        return Prepared(signature($name, f, b, arguments...))
    end
    @eval function $name(f, p::Prepared, b, arguments...)
        p.signature == signature($name, f, b, arguments...) || error("prepared for something else")
        return $name(f, b, arguments...)
    end
end
end
