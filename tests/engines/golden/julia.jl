# Written by python -m tests.engines.test_julia: a few calls of each operation in Julia.
abs.(a)  # abs() of 3x4
abs.(a)  # abs() of 3
acos.(a)  # acos() of 3x3
acos.(a)  # acos() of 3
acos.(a)  # acos() of number
acosh.(a)  # acosh() of number
acosh.(a)  # acosh() of 4x4
acosh.(a)  # acosh() of 3
a .+ b  # add() of 2x2 2x2
a .+ b  # add() of number number
a .+ b  # add() of 4 1
asin.(a)  # asin() of 2x2
asin.(a)  # asin() of 2
asin.(a)  # asin() of number
asinh.(a)  # asinh() of 3x3
asinh.(a)  # asinh() of 2
atan.(a)  # atan() of 1x1
atan.(a)  # atan() of 2x2x2
atan.(a)  # atan() of number
atan.(a, b)  # atan2() of 2 2
atan.(a, b)  # atan2() of number number
atan.(a, b)  # atan2() of 2x2 2x2
atanh.(a)  # atanh() of 3x3
atanh.(a)  # atanh() of 3
atanh.(a)  # atanh() of number
SpecialFunctions.beta.(a, b)  # beta() of 3x3 3x3
SpecialFunctions.beta.(a, b)  # beta() of number number
SpecialFunctions.beta.(a, b)  # beta() of 2 2
SpecialFunctions.logbeta.(a, b)  # betaln() of 2x2 2x2
SpecialFunctions.logbeta.(a, b)  # betaln() of 3 3
(sum(a) > 0.0 ? a .* sin.(a) : a .* a)  # branch(threshold=0.0) of 2x2
(sum(a) > 1.0 ? a .* sin.(a) : a .* a)  # branch(threshold=1.0) of 3
(sum(a) > 1.0 ? a .* sin.(a) : a .* a)  # branch(threshold=1.0) of number
reshape(a, 1, 2, 2)  # broadcast_to(shape=(1, 2, 2)) of 2x2
repeat(reshape(a, 1, 2), 3, 1)  # broadcast_to(shape=(3, 2)) of 2
cbrt.(a)  # cbrt() of 2
cbrt.(a)  # cbrt() of 2x2
ceil.(a)  # ceil() of 3
ceil.(a)  # ceil() of 3x3
ceil.(a)  # ceil() of number
ifelse.(a .> 0, a, 1.0 .* expm1.(a ./ 1.0))  # celu(alpha=1.0) of 2x2
ifelse.(a .> 0, a, 1.0 .* expm1.(a ./ 1.0))  # celu(alpha=1.0) of number
ifelse.(a .> 0, a, 2.0 .* expm1.(a ./ 2.0))  # celu(alpha=2.0) of 3
Matrix(LinearAlgebra.cholesky(LinearAlgebra.Symmetric((a .+ transpose(a)) ./ 2)).L)  # cholesky() of 3x3
inv(LinearAlgebra.cholesky(LinearAlgebra.Symmetric((a .+ transpose(a)) ./ 2)))  # cholesky_inverse() of 3x3
LinearAlgebra.cholesky(LinearAlgebra.Symmetric((a .+ transpose(a)) ./ 2)) \ b  # cholesky_solve() of 3x3 3x3
LinearAlgebra.cholesky(LinearAlgebra.Symmetric((a .+ transpose(a)) ./ 2)) \ b  # cholesky_solve() of 2x2 2
clamp.(a, 1.0, 5.0)  # clip(max=5.0, min=1.0) of 3x3
clamp.(a, 2.625, 3.125)  # clip(max=3.125, min=2.625) of 2
(F -> F.U * transpose(F.U))(LinearAlgebra.svd(a))  # column_projection() of 3x2
abs.(complex.(a, b))  # complex_abs() of 3 3
abs.(complex.(a, b))  # complex_abs() of 2x2 2x2
angle.(complex.(b, a))  # complex_angle() of number number
angle.(complex.(b, a))  # complex_angle() of 2 2
angle.(complex.(reshape(b, 1, 3), a))  # complex_angle() of 3x3 3
real(LinearAlgebra.det(complex.(a, b)))  # complex_det() of 1x1 1x1
real.(exp.(complex.(a, b)))  # complex_exp() of 3x3 3x3
real.(exp.(complex.(a, b)))  # complex_exp() of 2 2
real.(exp.(complex.(a, b)))  # complex_exp() of number number
real(inv(complex.(a, b)))  # complex_inv() of 2x2 2x2
real.(log.(complex.(a, b)))  # complex_log() of 3x3 3x3
real.(log.(complex.(a, b)))  # complex_log() of 3 3
imag.(complex.(a, b) .^ 2)  # complex_power(exponent=2) of 3 3
imag.(complex.(a, b) .^ 1)  # complex_power(exponent=1) of 2x2 2x2
real.(complex.(a, b) .* complex.(c, d))  # complex_product() of 3 3 3 3
real.(complex.(a, b) .* complex.(c, d))  # complex_product() of 3x2 3x2 3x2 3x2
real.(complex.(a, b) .* complex.(c, d))  # complex_product() of number number number number
imag.(inv.(complex.(a, b)))  # complex_reciprocal() of number number
imag.(inv.(complex.(a, b)))  # complex_reciprocal() of 2 2
imag.(inv.(complex.(a, b)))  # complex_reciprocal() of 2x2 2x2
real(complex.(a, b) \ c)  # complex_solve() of 3x3 3x3 3
real.(sqrt.(complex.(a, b)))  # complex_sqrt() of number number
real.(sqrt.(complex.(a, b)))  # complex_sqrt() of 1x1 1x1
real.(sqrt.(complex.(a, b)))  # complex_sqrt() of 2 2
abs2.(complex.(a, b))  # complex_square_abs() of 3x3 3x3
abs2.(complex.(a, b))  # complex_square_abs() of 2 2
abs2.(complex.(a, b))  # complex_square_abs() of number number
hcat(a)  # concat(axis=-1) of 3x3
vcat(a, b, c)  # concat(axis=0) of 2x2 2x2 2x2
vcat(a)  # concat(axis=-1) of 2
copysign.(a, b)  # copysign() of 2 2
copysign.(a, b)  # copysign() of 2x2 2x2
copysign.(a, b)  # copysign() of number number
cos.(a)  # cos() of 2x2
cos.(a)  # cos() of number
cos.(a)  # cos() of 2
cosh.(a)  # cosh() of 2x2
cosh.(a)  # cosh() of 2
cosh.(a)  # cosh() of 2x2x2
Statistics.cov(a; dims=2, corrected=true)  # cov(correction=1) of 4x4
LinearAlgebra.cross(a, b)  # cross(axis=0) of 3 3
accumulate(max, a; dims=2)  # cumulative_max(axis=-1) of 4x4
accumulate(max, a)  # cumulative_max(axis=-1) of 2
accumulate(min, a)  # cumulative_min(axis=-1) of 2
accumulate(min, a; dims=1)  # cumulative_min(axis=-2) of 2x2
cumprod(a; dims=1)  # cumulative_prod(axis=-2) of 3x3
cumprod(a)  # cumulative_prod(axis=0) of 2
cumsum(a)  # cumulative_sum(axis=0) of 3
cumsum(a; dims=2)  # cumulative_sum(axis=1) of 2x2
foldl((q, _) -> q .- 0.25 .* (_x -> Enzyme.jacobian(Enzyme.Reverse, t -> sum(@. sin(t) * b), _x)[1])(q), 1:3; init=a)  # descent(body='sine', count=3, rate=0.25) of 2x2 2x2
foldl((q, _) -> q .- 0.25 .* (_x -> Enzyme.jacobian(Enzyme.Reverse, t -> sum(@. t * t * t + b * t), _x)[1])(q), 1:1; init=a)  # descent(body='cubic', count=1, rate=0.25) of number number
foldl((q, _) -> q .- (-0.125) .* (_x -> Enzyme.jacobian(Enzyme.Reverse, t -> sum(@. t * b), _x)[1])(q), 1:1; init=a)  # descent(body='product', count=1, rate=-0.125) of 3 3
LinearAlgebra.det(a)  # det() of 3x3
LinearAlgebra.diagm(a)  # diag() of 1
LinearAlgebra.diagm(-1 => a)  # diag_embed(offset=-1) of 2
LinearAlgebra.diag(a)  # diagonal() of 2x1
LinearAlgebra.diag(a, -2)  # diagonal_offset(offset=-2) of 2x2
diff(a; dims=1)  # diff(axis=-2, n=1) of 3x3
diff(diff(diff(a)))  # diff(axis=-1, n=3) of 3
SpecialFunctions.digamma.(a)  # digamma() of 3
SpecialFunctions.digamma.(a)  # digamma() of 3x3
SpecialFunctions.digamma.(a)  # digamma() of number
a ./ b  # divide() of 4 number
a ./ b  # divide() of 3 3
a ./ b  # divide() of 2x2 2x2
LinearAlgebra.eigvecs(LinearAlgebra.Symmetric((a .+ transpose(a)) ./ 2)) .^ 2  # eigenvector_weights() of 4x4
Matrix(exp(LinearAlgebra.Symmetric((a .+ transpose(a)) ./ 2)))  # eigh_exp() of 2x2
Matrix(sqrt(LinearAlgebra.Symmetric((a .+ transpose(a)) ./ 2)))  # eigh_sqrt() of 4x4
LinearAlgebra.eigvals(LinearAlgebra.Symmetric((a .+ transpose(a)) ./ 2))  # eigvalsh() of 1x1
ifelse.(a .> 0, a, 1.0 .* expm1.(a))  # elu(alpha=1.0) of 2x2
ifelse.(a .> 0, a, 0.5 .* expm1.(a))  # elu(alpha=0.5) of 3
ifelse.(a .> 0, a, 1.0 .* expm1.(a))  # elu(alpha=1.0) of number
.-LogExpFunctions.xlogx.(a)  # entr() of 2x2
.-LogExpFunctions.xlogx.(a)  # entr() of number
.-LogExpFunctions.xlogx.(a)  # entr() of 2
a .== b  # equal() of 3x1 3x1
a .== b  # equal() of 4 4
a .== b  # equal() of number number
SpecialFunctions.erf.(a)  # erf() of number
SpecialFunctions.erf.(a)  # erf() of 2x2
SpecialFunctions.erf.(a)  # erf() of 3
SpecialFunctions.erfc.(a)  # erfc() of 2
SpecialFunctions.erfc.(a)  # erfc() of 2x2
SpecialFunctions.erfcx.(a)  # erfcx() of 1
SpecialFunctions.erfcx.(a)  # erfcx() of 2x2
SpecialFunctions.erfcx.(a)  # erfcx() of number
SpecialFunctions.erfinv.(a)  # erfinv() of 3x3
SpecialFunctions.erfinv.(a)  # erfinv() of number
SpecialFunctions.erfinv.(a)  # erfinv() of 2
exp.(a)  # exp() of 2x2
exp.(a)  # exp() of 1
exp.(a)  # exp() of number
SpecialFunctions.expint.(a)  # exp1() of 2x2
SpecialFunctions.expint.(a)  # exp1() of 3
SpecialFunctions.expint.(a)  # exp1() of number
exp2.(a)  # exp2() of 2
exp2.(a)  # exp2() of 3x3
reshape(a, 1, 2, 2)  # expand_dims(axis=-3) of 2x2
reshape(a, 1, 3)  # expand_dims(axis=-2) of 3
SpecialFunctions.expinti.(a)  # expi() of 4
SpecialFunctions.expinti.(a)  # expi() of 2x2
LogExpFunctions.logistic.(a)  # expit() of 2x2
LogExpFunctions.logistic.(a)  # expit() of number
LogExpFunctions.logistic.(a)  # expit() of 3
expm1.(a)  # expm1() of 4x4
expm1.(a)  # expm1() of 3
expm1.(a)  # expm1() of number
reverse(a; dims=1)  # flip(axis=-2) of 2x2
reverse(a)  # flip(axis=0) of 3
floor.(a)  # floor() of 2x2
floor.(a)  # floor() of 2
fld.(a, b)  # floor_divide() of 3x3 3x3
fld.(a, b)  # floor_divide() of number number
fld.(a, b)  # floor_divide() of 4 4
SpecialFunctions.gamma.(a)  # gamma() of 3
SpecialFunctions.gamma.(a)  # gamma() of 3x3
a .* SpecialFunctions.erfc.(.-a ./ sqrt(2)) ./ 2  # gelu() of 2x2
a .* SpecialFunctions.erfc.(.-a ./ sqrt(2)) ./ 2  # gelu() of 2
a .> b  # greater() of number number
a .> b  # greater() of 3x3 3x3
a .>= b  # greater_equal() of 2x2 2x2
clamp.(a .+ 3, 0, 6) ./ 6  # hardsigmoid() of 3x3
clamp.(a .+ 3, 0, 6) ./ 6  # hardsigmoid() of 4
clamp.(a .+ 3, 0, 6) ./ 6  # hardsigmoid() of number
a .* clamp.(a .+ 3, 0, 6) ./ 6  # hardswish() of 4x1
a .* clamp.(a .+ 3, 0, 6) ./ 6  # hardswish() of 4
a .* clamp.(a .+ 3, 0, 6) ./ 6  # hardswish() of 2x1x2
clamp.(a, -2.0, 1.0)  # hardtanh(max=1.0, min=-2.0) of 2x2
clamp.(a, 0.0, 0.5)  # hardtanh(max=0.5, min=0.0) of 1
hypot.(a, b)  # hypot() of 2 2
hypot.(a, b)  # hypot() of 2 number
SpecialFunctions.besseli.(0, a)  # i0() of 3x3
SpecialFunctions.besseli.(0, a)  # i0() of 3
SpecialFunctions.besselix.(0, a)  # i0e() of 3
SpecialFunctions.besselix.(0, a)  # i0e() of 3x3
SpecialFunctions.besseli.(1, a)  # i1() of 2
SpecialFunctions.besseli.(1, a)  # i1() of 3x3
SpecialFunctions.besselix.(1, a)  # i1e() of 3
SpecialFunctions.besselix.(1, a)  # i1e() of 1x3
a[1]  # index(index=(0,)) of 3
a[2, :]  # index(index=(1,)) of 3x3
LinearAlgebra.dot(a, b)  # inner() of 2 2
b * a  # inner() of 2 2x2
a * transpose(b)  # inner() of 2x2 2x2
(_x -> Enzyme.jacobian(Enzyme.Reverse, t -> sum(@. sin(t) * b), _x)[1])(a)  # inner_derivative(body='sine') of 2 2
(_x -> Enzyme.jacobian(Enzyme.Reverse, t -> sum(@. t * t * t + b * t), _x)[1])(a)  # inner_derivative(body='cubic') of 2x2 2x2
(_x -> Enzyme.autodiff(Enzyme.Forward, t -> (@. t * exp(b * t)), Enzyme.Duplicated(_x, b))[1])(a)  # inner_pushforward(body='growth') of 3x3 3x3
(_x -> Enzyme.autodiff(Enzyme.Forward, t -> (@. t * b), Enzyme.Duplicated(_x, b))[1])(a)  # inner_pushforward(body='product') of 2 2
(_x -> Enzyme.jacobian(Enzyme.Reverse, s -> sum((_x -> Enzyme.jacobian(Enzyme.Reverse, t -> sum(@. sin(t) * b), _x)[1])(s)), _x)[1])(a)  # inner_second_derivative(body='sine') of 2x2 2x2
(_x -> Enzyme.jacobian(Enzyme.Reverse, s -> sum((_x -> Enzyme.jacobian(Enzyme.Reverse, t -> sum(@. t + b), _x)[1])(s)), _x)[1])(a)  # inner_second_derivative(body='shifted') of 2 2
inv(a)  # inv() of 1x1
SpecialFunctions.besselj0.(a)  # j0() of 2
SpecialFunctions.besselj0.(a)  # j0() of 2x2
SpecialFunctions.besselj0.(a)  # j0() of number
SpecialFunctions.besselj1.(a)  # j1() of 2x2
SpecialFunctions.besselj1.(a)  # j1() of number
SpecialFunctions.besselj1.(a)  # j1() of 1
kron(permutedims(a), b)  # kron() of 2 1x2
kron(a, b)  # kron() of 3 3
kron(a, permutedims(b))  # kron() of 1x1 3
sort(a)[1]  # kth_value(axis=0, k=1) of 3
sort(a; dims=2)[:, 2]  # kth_value(axis=1, k=2) of 2x2
maximum(sqrt.(a .^ 2))  # largest_root(axis=0) of 3
maximum(sqrt.(a .^ 2))  # largest_root(axis=None) of 2x2
ifelse.(a .> 0, a, 0.0 .* a)  # leaky_relu(slope=0.0) of 4x1
ifelse.(a .> 0, a, 0.125 .* a)  # leaky_relu(slope=0.125) of 2
a .< b  # less() of 3x1 3x1
a .<= b  # less_equal() of number number
a .<= b  # less_equal() of 2 number
SpecialFunctions.loggamma.(a)  # lgamma() of number
SpecialFunctions.loggamma.(a)  # lgamma() of 3
SpecialFunctions.loggamma.(a)  # lgamma() of 2x2
log.(a)  # log() of 1
log.(a)  # log() of 2x2
log10.(a)  # log10() of 2
log10.(a)  # log10() of 1x2
log10.(a)  # log10() of number
LogExpFunctions.log1mexp.(.-a)  # log1mexp() of 2x1
LogExpFunctions.log1mexp.(.-a)  # log1mexp() of number
LogExpFunctions.log1mexp.(.-a)  # log1mexp() of 3
log1p.(a)  # log1p() of 1
log1p.(a)  # log1p() of 2x2
log2.(a)  # log2() of 3
log2.(a)  # log2() of 2x2
a .- LogExpFunctions.logsumexp(a)  # log_softmax(axis=0) of 1
a .- LogExpFunctions.logsumexp(a; dims=2)  # log_softmax(axis=-1) of 2x2
LogExpFunctions.logaddexp.(a, b)  # logaddexp() of 2x2 2x2
LogExpFunctions.logaddexp.(a, b)  # logaddexp() of 3 number
LogExpFunctions.logaddexp.(a, b)  # logaddexp() of number number
LinearAlgebra.logdet(a)  # logdet() of 2x2
a .& b  # logical_and() of 3x1 3x1
a .& b  # logical_and() of number number
a .& b  # logical_and() of 2 2
.!a  # logical_not() of 3x3
xor.(a, b)  # logical_xor() of 2x2 2x2
foldl((t, _) -> 1.0 .* t .* (1 .- t), 1:3; init=a)  # logistic_map(count=3, rate=1.0) of number
foldl((t, _) -> 2.0 .* t .* (1 .- t), 1:1; init=a)  # logistic_map(count=1, rate=2.0) of 3x3
foldl((t, _) -> 2.0 .* t .* (1 .- t), 1:1; init=a)  # logistic_map(count=1, rate=2.0) of 2
LogExpFunctions.logit.(a)  # logit() of 1x1
LogExpFunctions.logit.(a)  # logit() of 2
.-LogExpFunctions.log1pexp.(.-a)  # logsigmoid() of 2
.-LogExpFunctions.log1pexp.(.-a)  # logsigmoid() of 4x4
LogExpFunctions.logsumexp(a)  # logsumexp(axis=0, keepdims=False) of 2
dropdims(LogExpFunctions.logsumexp(a; dims=1); dims=1)  # logsumexp(axis=-2, keepdims=False) of 3x3
a \ b  # lstsq() of 1x3 1
a \ b  # lstsq() of 1x3 1x3
LinearAlgebra.lu(a) \ b  # lu_solve() of 2x2 2x2
dropdims(maximum(ifelse.(a .> -64.0, a, -65.0); dims=2); dims=2)  # masked_max(axis=1, threshold=-64.0) of 2x2
maximum(ifelse.(a .> -0.125, a, -1.125))  # masked_max(axis=None, threshold=-0.125) of 2
prod(ifelse.(a .> -0.125, a, 1.0))  # masked_prod(axis=None, threshold=-0.125) of 1
dropdims(prod(ifelse.(a .> 64.0, a, 1.0); dims=1); dims=1)  # masked_prod(axis=-2, threshold=64.0) of 2x2
ifelse.(a .> 0.5, inv.(a), 0.0)  # masked_reciprocal(threshold=0.5) of 2x2
ifelse.(a .> 0.125, inv.(a), 0.0)  # masked_reciprocal(threshold=0.125) of 3
sum(ifelse.(a .> 64.0, a, 0.0))  # masked_sum(axis=-1, threshold=64.0) of 1
dropdims(sum(ifelse.(a .> 64.0, a, 0.0); dims=2); dims=2)  # masked_sum(axis=1, threshold=64.0) of 3x3
LinearAlgebra.dot(a, b)  # matmul() of 2 2
a * b  # matmul() of 3x3 3x3
transpose(b) * a  # matmul() of 3 3x3
exp(a)  # matrix_exp() of 1x1
LinearAlgebra.norm(a)  # matrix_norm() of 2x2
LinearAlgebra.opnorm(a, 1.0)  # matrix_norm_ord(ord=1.0) of 2x2
a ^ -2  # matrix_power(n=-2) of 3x3
permutedims(a)  # matrix_transpose() of 2x3
[maximum(a)]  # max(axis=None, keepdims=True) of 3
maximum(a; dims=2)  # max(axis=1, keepdims=True) of 2x2
max.(a, b)  # maximum() of 1 1
max.(a, b)  # maximum() of number number
max.(a, reshape(b, 1, 2))  # maximum() of 2x2 2
dropdims(Statistics.mean(a; dims=2); dims=2)  # mean(axis=1, keepdims=False) of 3x3
[Statistics.mean(a)]  # mean(axis=None, keepdims=True) of 2
dropdims(Statistics.median(a; dims=2); dims=2)  # median(axis=1, keepdims=False) of 3x3
Statistics.median(a; dims=1)  # median(axis=-1, keepdims=True) of 3
minimum(a)  # min(axis=None, keepdims=False) of 1
minimum(a; dims=1)  # min(axis=-2, keepdims=True) of 2x2
min.(a, b)  # minimum() of 2 1
min.(a, b)  # minimum() of 2x2 2x1
min.(a, b)  # minimum() of number 1
a .* tanh.(LogExpFunctions.log1pexp.(a))  # mish() of 2x2
a .* tanh.(LogExpFunctions.log1pexp.(a))  # mish() of 2
a .* tanh.(LogExpFunctions.log1pexp.(a))  # mish() of number
permutedims(a)  # moveaxis(destination=-2, source=1) of 3x3
a * b  # multi_dot() of 2x1 1
a * b * c * d  # multi_dot() of 3x3 3x3 3x3 3x3
a * b * c * d  # multi_dot() of 4x4 4x4 4x2 2
reshape(a, 1, 1) .* b  # multiply() of 1 3x3
a .* b  # multiply() of 3x3 3x3
a .* b  # multiply() of 3 3
.-a  # negative() of number
.-a  # negative() of 4x4
.-a  # negative() of 3
foldl((t, _) -> (t .+ a ./ t) ./ 2, 1:5; init=one.(a))  # newton_sqrt(count=5) of 2
foldl((t, _) -> (t .+ a ./ t) ./ 2, 1:1; init=one.(a))  # newton_sqrt(count=1) of 3x3
a .!= b  # not_equal() of 3x3 3x3
a * transpose(b)  # outer() of 2 2
a .+ transpose(b)  # outer_sum() of 2 2
a  # permute_dims(axes=(0, 1)) of 3x2
LinearAlgebra.pinv(a)  # pinv() of 3x3
(F -> F.U * F.Vt)(LinearAlgebra.svd(a))  # polar_factor() of 1x1
SpecialFunctions.polygamma.(3, a)  # polygamma(n=3) of 2x2
SpecialFunctions.polygamma.(2, a)  # polygamma(n=2) of 2
evalpoly.(b, Ref(reverse(a)))  # polyval() of 1 2x2
evalpoly.(b, Ref(reverse(a)))  # polyval() of 3 number
evalpoly.(b, Ref(reverse(a)))  # polyval() of 3 3
.+a  # positive() of 2
.+a  # positive() of 3x3
.+a  # positive() of number
a .^ b  # pow() of 2 2
a .^ b  # pow() of 3x3 3x3
a .^ b  # pow() of number number
a .^ 1.0  # pow_float(exponent=1.0) of 3x3
a .^ 2.5  # pow_float(exponent=2.5) of 3
a .^ 0.0  # pow_float(exponent=0.0) of number
a .^ 4  # pow_int(exponent=4) of 1
a .^ 4  # pow_int(exponent=4) of 3x3
ifelse.(a .> 0, a, b .* a)  # prelu() of 2 number
ifelse.(a .> 0, a, b .* a)  # prelu() of 2x2 number
ifelse.(a .> 0, a, b .* a)  # prelu() of number number
prod(a)  # prod(axis=-1, keepdims=False) of 1
dropdims(prod(a; dims=1); dims=1)  # prod(axis=-2, keepdims=False) of 3x3
maximum(a) .- minimum(a)  # ptp(axis=None, keepdims=False) of 2
maximum(a; dims=1) .- minimum(a; dims=1)  # ptp(axis=-2, keepdims=True) of 2x2
(F -> Matrix(F.Q) .* transpose(sign.(LinearAlgebra.diag(F.R))))(LinearAlgebra.qr(a))  # qr_q() of 1x3
(F -> sign.(LinearAlgebra.diag(F.R)) .* F.R)(LinearAlgebra.qr(a))  # qr_r() of 3x3
Statistics.quantile(a, [1.0, 0.25])  # quantile(axis=0, q=(1.0, 0.25)) of 1
inv.(a)  # reciprocal() of 4x4
inv.(a)  # reciprocal() of number
inv.(a)  # reciprocal() of 3
min.(inv.(a .^ 2), 0.0625)  # reciprocal_at_most(most=0.0625) of 2x2
min.(inv.(a .^ 2), 0.5)  # reciprocal_at_most(most=0.5) of 2
max.(a, 0)  # relu() of 2
max.(a, 0)  # relu() of 3x3
max.(a, 0)  # relu() of number
clamp.(a, 0, 6)  # relu6() of 2
clamp.(a, 0, 6)  # relu6() of number
clamp.(a, 0, 6)  # relu6() of 2x2
mod.(a, b)  # remainder() of number 3
mod.(a, b)  # remainder() of 3x3 1x1
mod.(a, b)  # remainder() of 3 3
a[Int[2, 2, 2], :]  # repeat(axis=0, repeats=(0, 3, 0)) of 3x3
a[Int[1, 1, 1, 2, 2, 2]]  # repeat(axis=0, repeats=(3, 3)) of 2
a  # reshape(shape=()) of number
a  # reshape(shape=(-1,)) of 1
vec(permutedims(a))  # reshape(shape=(-1,)) of 3x3
circshift(a, (-1, 0))  # roll(axis=-2, shift=-1) of 2x2
circshift(a, -2)  # roll(axis=0, shift=-2) of 2
circshift(a, (-3, 0))  # roll_axes(axis=(0, -2), shift=(-3, 0)) of 2x1
max.(sqrt.(a .^ 2), 0.5)  # root_at_least(least=0.5) of 3
max.(sqrt.(a .^ 2), 0.0625)  # root_at_least(least=0.0625) of 3x3
max.(sqrt.(a .^ 2), 0.5)  # root_at_least(least=0.5) of 2x2x2
rotl90(a, 3)  # rot90(k=3) of 2x2
round.(a)  # round() of 2
round.(a)  # round() of 3x3
round.(a)  # round() of number
accumulate((h, v) -> 0.5 * h + v, a)  # scan_decay(decay=0.5) of 1
accumulate((h, v) -> tanh(b * h + v), a; init=0.0)  # scan_tanh() of 3 number
sign.(a)  # sign() of 3x3
sign.(a)  # sign() of 3
a .* LogExpFunctions.logistic.(a)  # silu() of 2
a .* LogExpFunctions.logistic.(a)  # silu() of 2x2
a .* LogExpFunctions.logistic.(a)  # silu() of number
sin.(a)  # sin() of 2x2
sinc.(a)  # sinc() of 2x2
sinc.(a)  # sinc() of 2
sinh.(a)  # sinh() of 2x2
sinh.(a)  # sinh() of number
sinh.(a)  # sinh() of 3
a[1:0]  # slice(axis=-1, start=0, step=2, stop=0) of 2
a[:, 2:3]  # slice(axis=1, start=1, step=1, stop=3) of 3x3
log.(a)[:, 3:3]  # sliced_log(start=2) of 3x3
LinearAlgebra.logabsdet(a)[1]  # slogdet() of 1x1
LogExpFunctions.softmax(a; dims=2)  # softmax(axis=1) of 2x2
LogExpFunctions.softmax(a)  # softmax(axis=0) of 2
LogExpFunctions.log1pexp.(a)  # softplus() of 4x4
LogExpFunctions.log1pexp.(a)  # softplus() of 2
a ./ (1 .+ abs.(a))  # softsign() of 2
a ./ (1 .+ abs.(a))  # softsign() of number
a ./ (1 .+ abs.(a))  # softsign() of 2x2
a \ b  # solve() of 3x3 3x3
a \ b  # solve() of 1x1 1
transpose(LinearAlgebra.UnitLowerTriangular(a)) \ b  # solve_triangular(transpose=True, unit_diagonal=True, upper=False) of 3x3 3x1
LinearAlgebra.UnitUpperTriangular(a) \ b  # solve_triangular(transpose=False, unit_diagonal=True, upper=True) of 1x1 1
sort(a; dims=1, rev=true)  # sort(axis=-2, descending=True) of 2x2
sort(a; rev=true)  # sort(axis=0, descending=True) of 1
b[sortperm(a)]  # sort_by(axis=-1) of 2 2
a[2:2, :]  # split(axis=-2, sections=2, which=-1) of 2x2
a[1:1]  # split(axis=-1, sections=2, which=0) of 2
sqrt.(a)  # sqrt() of number
sqrt.(a)  # sqrt() of 2x2
sqrt.(a)  # sqrt() of 2
Matrix(sqrt(LinearAlgebra.Symmetric((a .+ transpose(a)) ./ 2)))  # sqrtm() of 2x2
a .^ 2  # square() of 2x2
a .^ 2  # square() of 3
a .^ 2  # square() of number
(a .+ sqrt.(a .^ 2 .+ 1.0)) ./ 2  # squareplus(b=1.0) of 3x3
(a .+ sqrt.(a .^ 2 .+ 4.0)) ./ 2  # squareplus(b=4.0) of 3
dropdims(a; dims=1)  # squeeze(axis=0) of 1x2x2
a[1]  # squeeze(axis=-1) of 1
dropdims(a; dims=2)  # squeeze(axis=-1) of 3x1
[a, b]  # stack(axis=0) of number number
vcat(reshape(a, 1, 3), reshape(b, 1, 3), reshape(c, 1, 3))  # stack(axis=0) of 3 3 3
reshape(a, 1, 1, 1)  # stack(axis=2) of 1x1
Statistics.std(a; corrected=true)  # std(axis=-1, correction=1, keepdims=False) of 3
Statistics.std(a; corrected=true)  # std(axis=None, correction=1, keepdims=False) of 3x3
a .- b  # subtract() of 2x2 2x2
a .- b  # subtract() of 3 3
a .- b  # subtract() of 3 number
sum(a)  # sum(axis=-1, keepdims=False) of 3
sum(a)  # sum(axis=None, keepdims=False) of 1x4
LinearAlgebra.svdvals(a)  # svdvals() of 3x2
a[Int[2, 2, 1]]  # take(axis=0, indices=(1, 1, 0)) of 2
a[Int[2, 1], :]  # take(axis=-2, indices=(1, 0)) of 2x2
reshape(a[Int[7, 8, 9]], 3, 1)  # take_along_axis(axis=-1, indices=((2,), (2,), (-1,))) of 3x3
a[Int[2]]  # take_along_axis(axis=0, indices=(-1,)) of 2
sqrt.(a)[Int[1, 1, 1]]  # taken_sqrt(indices=(0, 0, 0)) of 3
sqrt.(a)[:, Int[3]]  # taken_sqrt(indices=(2,)) of 3x3
tan.(a)  # tan() of 2x2
tan.(a)  # tan() of 2
tanh.(a)  # tanh() of number
tanh.(a)  # tanh() of 2x2
tanh.(a)  # tanh() of 2
a .- tanh.(a)  # tanhshrink() of 3x3
a .- tanh.(a)  # tanhshrink() of 2
a .- tanh.(a)  # tanhshrink() of number
LinearAlgebra.dot(a, b)  # tensordot(axes=1) of 1 1
reshape(reshape(a, 2, 1) * b, 2, 1, 1)  # tensordot(axes=0) of 2 1x1
a * b  # tensordot(axes=1) of 2x2 2x2
repeat(a, 3, 1)  # tile(repetitions=(3, 1)) of 2x2
repeat(reshape(a, 1, 2), 1, 1)  # tile(repetitions=(1, 1)) of 2
repeat(a, 1, 1, 3)  # tile(repetitions=(1, 1, 3)) of 2x2x2
sort(a; rev=true)[1:3]  # top_k(k=3) of 3
sort(a; dims=2, rev=true)[:, 1:2]  # top_k(k=2) of 3x3
LinearAlgebra.tr(a)  # trace() of 1x1
LinearAlgebra.tril(a)  # tril() of 2x2
LinearAlgebra.tril(a, -1)  # tril_offset(k=-1) of 3x2
LinearAlgebra.triu(a)  # triu() of 3x1
LinearAlgebra.triu(a, 1)  # triu_offset(k=1) of 3x2
trunc.(a)  # trunc() of 3x3
trunc.(a)  # trunc() of 2
a[1]  # unstack(axis=-1, which=-3) of 3
a[2, :]  # unstack(axis=0, which=1) of 3x3
a[:, 2, :]  # unstack(axis=-2, which=-1) of 2x2x2
a .^ reshape(Int[0, 1], 1, 2)  # vander(columns=2, increasing=True) of 2
Statistics.var(a; corrected=true)  # var(axis=None, correction=1, keepdims=False) of 2
reshape([Statistics.var(a; corrected=false)], 1, 1)  # var(axis=None, correction=0, keepdims=True) of 3x3
dropdims(sum(a .* b; dims=2); dims=2)  # vecdot() of 3x1 3x1
LinearAlgebra.dot(a, b)  # vecdot() of 3 3
sqrt.(dropdims(sum(abs2, a; dims=1); dims=1))  # vector_norm(axis=0) of 2x2
LinearAlgebra.norm(a)  # vector_norm(axis=-1) of 2
LinearAlgebra.norm(a, 2.5)  # vector_norm_ord(axis=None, keepdims=False, ord=2.5) of 2x2
[LinearAlgebra.norm(a, 1.5)]  # vector_norm_ord(axis=None, keepdims=True, ord=1.5) of 2
ifelse.(a, b, reshape(c, 1, 1))  # where() of 3x1 3x1 1
ifelse.(a, b, c)  # where() of number number 2
ifelse.(reshape(a, 1, 4), reshape(b, 1, 4), c)  # where() of 4 4 2x4
LogExpFunctions.xlog1py.(a, b)  # xlog1py() of 3x3 3x3
LogExpFunctions.xlog1py.(a, b)  # xlog1py() of 1 1
LogExpFunctions.xlogy.(a, b)  # xlogy() of 2x2 2x2
LogExpFunctions.xlogy.(a, b)  # xlogy() of number 2
LogExpFunctions.xlogy.(a, b)  # xlogy() of 2 2
SpecialFunctions.zeta.(5, a)  # zeta(s=5) of 3x3
SpecialFunctions.zeta.(2, a)  # zeta(s=2) of 3
