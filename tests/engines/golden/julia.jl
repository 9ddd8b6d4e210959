# Written by python -m tests.engines.test_julia: a few calls of each operation in Julia.
abs.(a)  # abs() of 2
abs.(a)  # abs() of 3x3
acos.(a)  # acos() of 2
acos.(a)  # acos() of number
acos.(a)  # acos() of 2x2
acosh.(a)  # acosh() of 2
acosh.(a)  # acosh() of 3x3
acosh.(a)  # acosh() of number
a .+ b  # add() of 2 2
a .+ b  # add() of 2x2 2x2
a .+ b  # add() of 2 number
asin.(a)  # asin() of 2
asin.(a)  # asin() of 2x2
asinh.(a)  # asinh() of 2
asinh.(a)  # asinh() of 3x3
atan.(a)  # atan() of 2
atan.(a)  # atan() of 2x2
atan.(a, b)  # atan2() of 2 2
atan.(a, b)  # atan2() of 2x2 2x2
atan.(a, b)  # atan2() of number number
atanh.(a)  # atanh() of 2
atanh.(a)  # atanh() of number
SpecialFunctions.beta.(a, b)  # beta() of 2 2
SpecialFunctions.beta.(a, b)  # beta() of 2x2 2x2
SpecialFunctions.beta.(a, b)  # beta() of 3 number
SpecialFunctions.logbeta.(a, b)  # betaln() of 2 2
SpecialFunctions.logbeta.(a, b)  # betaln() of 2x2 2x2
SpecialFunctions.logbeta.(a, reshape(b, 1, 2))  # betaln() of 2x2 2
(sum(a) > 0.0 ? a .* sin.(a) : a .* a)  # branch(threshold=0.0) of 2
(sum(a) > -1.0 ? a .* sin.(a) : a .* a)  # branch(threshold=-1.0) of 2x2
(sum(a) > 0.0 ? a .* sin.(a) : a .* a)  # branch(threshold=0.0) of number
reshape(a, 1, 2)  # broadcast_to(shape=(1, 2)) of 2
fill(a, 3)  # broadcast_to(shape=(3,)) of number
repeat(reshape(a, 1, 2, 2), 2, 1, 1)  # broadcast_to(shape=(2, 2, 2)) of 2x2
cbrt.(a)  # cbrt() of 2
cbrt.(a)  # cbrt() of number
cbrt.(a)  # cbrt() of 2x2
ceil.(a)  # ceil() of 2
ceil.(a)  # ceil() of 4x2
ifelse.(a .> 0, a, 1.0 .* expm1.(a ./ 1.0))  # celu(alpha=1.0) of 2
ifelse.(a .> 0, a, 2.0 .* expm1.(a ./ 2.0))  # celu(alpha=2.0) of 2x2
ifelse.(a .> 0, a, 1.0 .* expm1.(a ./ 1.0))  # celu(alpha=1.0) of number
Matrix(LinearAlgebra.cholesky(LinearAlgebra.Symmetric((a .+ transpose(a)) ./ 2)).L)  # cholesky() of 2x2
inv(LinearAlgebra.cholesky(LinearAlgebra.Symmetric((a .+ transpose(a)) ./ 2)))  # cholesky_inverse() of 2x2
LinearAlgebra.cholesky(LinearAlgebra.Symmetric((a .+ transpose(a)) ./ 2)) \ b  # cholesky_solve() of 2x2 2
LinearAlgebra.cholesky(LinearAlgebra.Symmetric((a .+ transpose(a)) ./ 2)) \ b  # cholesky_solve() of 2x2 2x2
clamp.(a, 1.0, 2.0)  # clip(max=2.0, min=1.0) of 2
clamp.(a, 0.0, 1.0)  # clip(max=1.0, min=0.0) of 3x3
(F -> F.U * transpose(F.U))(LinearAlgebra.svd(a))  # column_projection() of 3x2
abs.(complex.(a, b))  # complex_abs() of 2 2
abs.(complex.(a, b))  # complex_abs() of number number
abs.(complex.(a, b))  # complex_abs() of 2x2 2x2
angle.(complex.(b, a))  # complex_angle() of 2 2
angle.(complex.(b, a))  # complex_angle() of 3x3 number
angle.(complex.(b, a))  # complex_angle() of 3x3 3x3
real(LinearAlgebra.det(complex.(a, b)))  # complex_det() of 2x2 2x2
real.(exp.(complex.(a, b)))  # complex_exp() of 2 2
real.(exp.(complex.(a, b)))  # complex_exp() of 4x4 4x4
real(inv(complex.(a, b)))  # complex_inv() of 2x2 2x2
real.(log.(complex.(a, b)))  # complex_log() of 2 2
real.(log.(complex.(a, b)))  # complex_log() of 3x3 3x3
real.(log.(complex.(a, b)))  # complex_log() of number number
imag.(complex.(a, b) .^ 2)  # complex_power(exponent=2) of 2 2
imag.(complex.(a, b) .^ 4)  # complex_power(exponent=4) of 2x2 2x2
real.(complex.(a, b) .* complex.(c, d))  # complex_product() of 2 2 2 2
real.(complex.(a, b) .* complex.(c, d))  # complex_product() of number number number number
real.(complex.(a, b) .* complex.(c, d))  # complex_product() of 4x4 4x4 4x4 4x4
imag.(inv.(complex.(a, b)))  # complex_reciprocal() of 2 2
imag.(inv.(complex.(a, b)))  # complex_reciprocal() of 3x3 3x3
real(complex.(a, b) \ c)  # complex_solve() of 2x2 2x2 2
real.(sqrt.(complex.(a, b)))  # complex_sqrt() of 2 2
real.(sqrt.(complex.(a, b)))  # complex_sqrt() of 2x2 2x2
real.(sqrt.(complex.(a, b)))  # complex_sqrt() of number number
abs2.(complex.(a, b))  # complex_square_abs() of 2 2
abs2.(complex.(a, b))  # complex_square_abs() of 3x3 3x3
vcat(a, b)  # concat(axis=0) of 2 2
hcat(a, b, c)  # concat(axis=1) of 2x2 2x2 2x2
hcat(a)  # concat(axis=-1) of 2x2
copysign.(a, b)  # copysign() of 2 2
copysign.(a, b)  # copysign() of number number
copysign.(a, b)  # copysign() of 3x3 3x3
cos.(a)  # cos() of 2
cos.(a)  # cos() of 2x2
cosh.(a)  # cosh() of 2
cosh.(a)  # cosh() of 4x2
cosh.(a)  # cosh() of number
Statistics.cov(a; dims=2, corrected=true)  # cov(correction=1) of 2x2
LinearAlgebra.cross(a, b)  # cross(axis=-1) of 3 3
accumulate(max, a)  # cumulative_max(axis=0) of 2
accumulate(max, a; dims=1)  # cumulative_max(axis=-2) of 2x2
accumulate(min, a)  # cumulative_min(axis=0) of 2
accumulate(min, a; dims=1)  # cumulative_min(axis=0) of 2x2
cumprod(a)  # cumulative_prod(axis=0) of 2
cumprod(a; dims=1)  # cumulative_prod(axis=0) of 3x3
cumsum(a)  # cumulative_sum(axis=0) of 2
cumsum(a; dims=2)  # cumulative_sum(axis=-1) of 2x2
foldl((q, _) -> q .- 0.25 .* (_x -> Enzyme.jacobian(Enzyme.Reverse, t -> sum(@. t * b), _x)[1])(q), 1:2; init=a)  # descent(body='product', count=2, rate=0.25) of 2 2
foldl((q, _) -> q .- 0.5 .* (_x -> Enzyme.jacobian(Enzyme.Reverse, t -> sum(@. t * exp(b * t)), _x)[1])(q), 1:2; init=a)  # descent(body='growth', count=2, rate=0.5) of 2x2 2x2
foldl((q, _) -> q .- (-0.125) .* (_x -> Enzyme.jacobian(Enzyme.Reverse, t -> sum(@. sin(t) * b), _x)[1])(q), 1:1; init=a)  # descent(body='sine', count=1, rate=-0.125) of number number
LinearAlgebra.det(a)  # det() of 2x2
LinearAlgebra.diagm(a)  # diag() of 2
LinearAlgebra.diagm(0 => a)  # diag_embed(offset=0) of 2
LinearAlgebra.diag(a)  # diagonal() of 2x2
LinearAlgebra.diag(a, 0)  # diagonal_offset(offset=0) of 2x2
diff(a)  # diff(axis=0, n=1) of 2
a  # diff(axis=0, n=0) of 3x3
SpecialFunctions.digamma.(a)  # digamma() of 2
SpecialFunctions.digamma.(a)  # digamma() of number
SpecialFunctions.digamma.(a)  # digamma() of 3x3
a ./ b  # divide() of 2 2
a ./ b  # divide() of 2x2 2x2
a ./ b  # divide() of number 1
LinearAlgebra.eigvecs(LinearAlgebra.Symmetric((a .+ transpose(a)) ./ 2)) .^ 2  # eigenvector_weights() of 2x2
Matrix(exp(LinearAlgebra.Symmetric((a .+ transpose(a)) ./ 2)))  # eigh_exp() of 2x2
Matrix(sqrt(LinearAlgebra.Symmetric((a .+ transpose(a)) ./ 2)))  # eigh_sqrt() of 2x2
LinearAlgebra.eigvals(LinearAlgebra.Symmetric((a .+ transpose(a)) ./ 2))  # eigvalsh() of 2x2
ifelse.(a .> 0, a, 1.0 .* expm1.(a))  # elu(alpha=1.0) of 2
ifelse.(a .> 0, a, 0.5 .* expm1.(a))  # elu(alpha=0.5) of 2x2
ifelse.(a .> 0, a, 0.5 .* expm1.(a))  # elu(alpha=0.5) of number
.-LogExpFunctions.xlogx.(a)  # entr() of 2
.-LogExpFunctions.xlogx.(a)  # entr() of 2x2
SpecialFunctions.erf.(a)  # erf() of 2
SpecialFunctions.erf.(a)  # erf() of 2x2
SpecialFunctions.erfc.(a)  # erfc() of 2
SpecialFunctions.erfc.(a)  # erfc() of 2x2
SpecialFunctions.erfc.(a)  # erfc() of number
SpecialFunctions.erfcx.(a)  # erfcx() of 2
SpecialFunctions.erfcx.(a)  # erfcx() of 2x2
SpecialFunctions.erfinv.(a)  # erfinv() of 2
SpecialFunctions.erfinv.(a)  # erfinv() of 2x2
exp.(a)  # exp() of 2
exp.(a)  # exp() of 2x2
exp.(a)  # exp() of number
SpecialFunctions.expint.(a)  # exp1() of 2
SpecialFunctions.expint.(a)  # exp1() of 3x3
exp2.(a)  # exp2() of 2
exp2.(a)  # exp2() of 2x2
reshape(a, 1, 2)  # expand_dims(axis=0) of 2
reshape(a, 1, 2, 2)  # expand_dims(axis=-3) of 2x2
SpecialFunctions.expinti.(a)  # expi() of 2
SpecialFunctions.expinti.(a)  # expi() of 2x2
LogExpFunctions.logistic.(a)  # expit() of 2
LogExpFunctions.logistic.(a)  # expit() of 2x2
expm1.(a)  # expm1() of 2
expm1.(a)  # expm1() of 2x2
expm1.(a)  # expm1() of number
reverse(a)  # flip(axis=0) of 2
reverse(a; dims=2)  # flip(axis=-1) of 2x2
floor.(a)  # floor() of 2
floor.(a)  # floor() of 2x2
fld.(a, b)  # floor_divide() of 2 2
fld.(a, b)  # floor_divide() of 3x3 3x3
fld.(a, b)  # floor_divide() of 2 number
SpecialFunctions.gamma.(a)  # gamma() of 2
SpecialFunctions.gamma.(a)  # gamma() of number
SpecialFunctions.gamma.(a)  # gamma() of 3x3
a .* SpecialFunctions.erfc.(.-a ./ sqrt(2)) ./ 2  # gelu() of 2
a .* SpecialFunctions.erfc.(.-a ./ sqrt(2)) ./ 2  # gelu() of number
a .* SpecialFunctions.erfc.(.-a ./ sqrt(2)) ./ 2  # gelu() of 3x3
a .> b  # greater() of 2 2
a .> b  # greater() of 2x2 2x2
a .>= b  # greater_equal() of 2x2 2x2
a .>= b  # greater_equal() of 2 2
clamp.(a .+ 3, 0, 6) ./ 6  # hardsigmoid() of 2
clamp.(a .+ 3, 0, 6) ./ 6  # hardsigmoid() of 3x3
a .* clamp.(a .+ 3, 0, 6) ./ 6  # hardswish() of 2
a .* clamp.(a .+ 3, 0, 6) ./ 6  # hardswish() of 2x3
clamp.(a, -1.0, 1.0)  # hardtanh(max=1.0, min=-1.0) of 2
clamp.(a, 0.0, 2.0)  # hardtanh(max=2.0, min=0.0) of 2x2
clamp.(a, -2.0, 0.5)  # hardtanh(max=0.5, min=-2.0) of number
hypot.(a, b)  # hypot() of 2 2
hypot.(reshape(a, 1, 2, 2), b)  # hypot() of 2x2 2x2x2
hypot.(a, b)  # hypot() of 3x3 number
SpecialFunctions.besseli.(0, a)  # i0() of 2
SpecialFunctions.besseli.(0, a)  # i0() of 3x3
SpecialFunctions.besselix.(0, a)  # i0e() of 2
SpecialFunctions.besselix.(0, a)  # i0e() of 3x3
SpecialFunctions.besselix.(0, a)  # i0e() of number
SpecialFunctions.besseli.(1, a)  # i1() of 2
SpecialFunctions.besseli.(1, a)  # i1() of number
SpecialFunctions.besseli.(1, a)  # i1() of 2x2
SpecialFunctions.besselix.(1, a)  # i1e() of 2
SpecialFunctions.besselix.(1, a)  # i1e() of 3x3
a[1]  # index(index=(0,)) of 2
a[4, 4]  # index(index=(3, 3)) of 4x4
LinearAlgebra.dot(a, b)  # inner() of 2 2
a * transpose(b)  # inner() of 3x3 3x3
(_x -> Enzyme.jacobian(Enzyme.Reverse, t -> sum(@. t * b), _x)[1])(a)  # inner_derivative(body='product') of 2 2
(_x -> Enzyme.jacobian(Enzyme.Reverse, t -> sum(@. t * b), _x)[1])(a)  # inner_derivative(body='product') of number number
(_x -> Enzyme.jacobian(Enzyme.Reverse, t -> sum(@. sin(t) * b), _x)[1])(a)  # inner_derivative(body='sine') of 3x3 3x3
(_x -> Enzyme.autodiff(Enzyme.Forward, t -> (@. t * b), Enzyme.Duplicated(_x, b))[1])(a)  # inner_pushforward(body='product') of 2 2
(_x -> Enzyme.autodiff(Enzyme.Forward, t -> (@. t * b), Enzyme.Duplicated(_x, b))[1])(a)  # inner_pushforward(body='product') of 3x3 3x3
(_x -> Enzyme.jacobian(Enzyme.Reverse, s -> sum((_x -> Enzyme.jacobian(Enzyme.Reverse, t -> sum(@. t * b), _x)[1])(s)), _x)[1])(a)  # inner_second_derivative(body='product') of 2 2
(_x -> Enzyme.jacobian(Enzyme.Reverse, s -> sum((_x -> Enzyme.jacobian(Enzyme.Reverse, t -> sum(@. t * t * t + b * t), _x)[1])(s)), _x)[1])(a)  # inner_second_derivative(body='cubic') of 2x2 2x2
(_x -> Enzyme.jacobian(Enzyme.Reverse, s -> sum((_x -> Enzyme.jacobian(Enzyme.Reverse, t -> sum(@. sin(t) * b), _x)[1])(s)), _x)[1])(a)  # inner_second_derivative(body='sine') of number number
inv(a)  # inv() of 2x2
SpecialFunctions.besselj0.(a)  # j0() of 2
SpecialFunctions.besselj0.(a)  # j0() of 3x3
SpecialFunctions.besselj0.(a)  # j0() of number
SpecialFunctions.besselj1.(a)  # j1() of 2
SpecialFunctions.besselj1.(a)  # j1() of 3x3
kron(a, b)  # kron() of 2 2
kron(a, b)  # kron() of 2x2 2x1
kron(a, permutedims(b))  # kron() of 2x2 2
sort(a)[1]  # kth_value(axis=0, k=1) of 2
sort(a; dims=2)[:, 1]  # kth_value(axis=1, k=1) of 1x1
maximum(sqrt.(a .^ 2))  # largest_root(axis=None) of 4
maximum(sqrt.(a .^ 2))  # largest_root(axis=None) of 2x2
ifelse.(a .> 0, a, 0.125 .* a)  # leaky_relu(slope=0.125) of 2
a  # leaky_relu(slope=1.0) of 2x2
a .<= b  # less_equal() of 2 2
reshape(a, 1, 3) .<= b  # less_equal() of 3 2x3
SpecialFunctions.loggamma.(a)  # lgamma() of 2
SpecialFunctions.loggamma.(a)  # lgamma() of 3x3
log.(a)  # log() of 2
log.(a)  # log() of 2x2
log10.(a)  # log10() of 2
log10.(a)  # log10() of number
log10.(a)  # log10() of 3x3
LogExpFunctions.log1mexp.(.-a)  # log1mexp() of 2
LogExpFunctions.log1mexp.(.-a)  # log1mexp() of 2x2
log1p.(a)  # log1p() of 2
log1p.(a)  # log1p() of 3x4
log1p.(a)  # log1p() of number
log2.(a)  # log2() of 2
log2.(a)  # log2() of 2x1
a .- LogExpFunctions.logsumexp(a)  # log_softmax(axis=0) of 2
a .- LogExpFunctions.logsumexp(a; dims=2)  # log_softmax(axis=-1) of 3x3
LogExpFunctions.logaddexp.(a, b)  # logaddexp() of 2 2
LogExpFunctions.logaddexp.(a, b)  # logaddexp() of 3x3 3x3
LogExpFunctions.logaddexp.(a, b)  # logaddexp() of 3x3 number
LinearAlgebra.logdet(a)  # logdet() of 2x2
a .| b  # logical_or() of 1 1
a .| b  # logical_or() of 2x2 2x2
xor.(a, b)  # logical_xor() of 2 2
xor.(reshape(a, 1, 3), b)  # logical_xor() of 3 2x3
foldl((t, _) -> 2.0 .* t .* (1 .- t), 1:2; init=a)  # logistic_map(count=2, rate=2.0) of 2
foldl((t, _) -> 1.0 .* t .* (1 .- t), 1:3; init=a)  # logistic_map(count=3, rate=1.0) of 2x2
LogExpFunctions.logit.(a)  # logit() of 2
LogExpFunctions.logit.(a)  # logit() of 2x2
LogExpFunctions.logit.(a)  # logit() of 2x3x3
.-LogExpFunctions.log1pexp.(.-a)  # logsigmoid() of 2
.-LogExpFunctions.log1pexp.(.-a)  # logsigmoid() of 3x3
LogExpFunctions.logsumexp(a)  # logsumexp(axis=0, keepdims=False) of 2
LogExpFunctions.logsumexp(a; dims=2)  # logsumexp(axis=-1, keepdims=True) of 2x2
a \ b  # lstsq() of 2x2 2
a \ b  # lstsq() of 2x3 2x3
LinearAlgebra.lu(a) \ b  # lu_solve() of 2x2 2
LinearAlgebra.lu(a) \ b  # lu_solve() of 1x1 1x1
maximum(ifelse.(a .> 0.125, a, -0.875))  # masked_max(axis=0, threshold=0.125) of 2
prod(ifelse.(a .> 0.125, a, 1.0))  # masked_prod(axis=0, threshold=0.125) of 2
prod(ifelse.(a .> 64.0, a, 1.0))  # masked_prod(axis=None, threshold=64.0) of 2x2
ifelse.(a .> 0.125, inv.(a), 0.0)  # masked_reciprocal(threshold=0.125) of 2
ifelse.(a .> 0.5, inv.(a), 0.0)  # masked_reciprocal(threshold=0.5) of 3x3
sum(ifelse.(a .> 0.125, a, 0.0))  # masked_sum(axis=0, threshold=0.125) of 2
sum(ifelse.(a .> -64.0, a, 0.0))  # masked_sum(axis=None, threshold=-64.0) of 2x2
LinearAlgebra.dot(a, b)  # matmul() of 2 2
a * b  # matmul() of 3x3 3x3
transpose(b) * a  # matmul() of 3 3x2
exp(a)  # matrix_exp() of 2x2
LinearAlgebra.norm(a)  # matrix_norm() of 2x2
LinearAlgebra.opnorm(a, 1.0)  # matrix_norm_ord(ord=1.0) of 2x2
a ^ 2  # matrix_power(n=2) of 2x2
permutedims(a)  # matrix_transpose() of 2x2
maximum(a)  # max(axis=0, keepdims=False) of 2
maximum(a; dims=2)  # max(axis=-1, keepdims=True) of 2x2
max.(a, b)  # maximum() of 2 2
max.(a, b)  # maximum() of 2x2 2x2
max.(a, b)  # maximum() of 1 number
Statistics.mean(a)  # mean(axis=0, keepdims=False) of 2
Statistics.mean(a)  # mean(axis=None, keepdims=False) of 2x2
Statistics.median(a)  # median(axis=0, keepdims=False) of 2
dropdims(Statistics.median(a; dims=2); dims=2)  # median(axis=-1, keepdims=False) of 3x3
minimum(a)  # min(axis=0, keepdims=False) of 2
minimum(a)  # min(axis=None, keepdims=False) of 2x2
min.(a, b)  # minimum() of 2 2
min.(a, b)  # minimum() of 4x4 4x4
min.(a, b)  # minimum() of number number
a .* tanh.(LogExpFunctions.log1pexp.(a))  # mish() of 2
a .* tanh.(LogExpFunctions.log1pexp.(a))  # mish() of 2x2
a  # moveaxis(destination=0, source=0) of 2x2
a * b  # multi_dot() of 2x2 2x2
a * b * c * d  # multi_dot() of 2x2 2x2 2x2 2x2
a * b  # multi_dot() of 4x4 4
a .* b  # multiply() of number 2
a .* b  # multiply() of 2 2
a .* b  # multiply() of 2x2 2x2
.-a  # negative() of 2
.-a  # negative() of number
.-a  # negative() of 3x3
foldl((t, _) -> (t .+ a ./ t) ./ 2, 1:3; init=one.(a))  # newton_sqrt(count=3) of 2
foldl((t, _) -> (t .+ a ./ t) ./ 2, 1:0; init=one.(a))  # newton_sqrt(count=0) of 2x2
foldl((t, _) -> (t .+ a ./ t) ./ 2, 1:3; init=one.(a))  # newton_sqrt(count=3) of number
a .!= b  # not_equal() of 1 1
a * transpose(b)  # outer() of 2 2
a .+ transpose(b)  # outer_sum() of 2 2
a  # permute_dims(axes=(0, 1)) of 2x2
LinearAlgebra.pinv(a)  # pinv() of 2x2
(F -> F.U * F.Vt)(LinearAlgebra.svd(a))  # polar_factor() of 2x2
SpecialFunctions.polygamma.(0, a)  # polygamma(n=0) of 2
SpecialFunctions.polygamma.(3, a)  # polygamma(n=3) of 1x1
SpecialFunctions.polygamma.(3, a)  # polygamma(n=3) of number
evalpoly.(b, Ref(reverse(a)))  # polyval() of 3 2
evalpoly.(b, Ref(reverse(a)))  # polyval() of 3 3x3
evalpoly.(b, Ref(reverse(a)))  # polyval() of 2 number
.+a  # positive() of 2
.+a  # positive() of 3x3
a .^ b  # pow() of 2 number
a .^ b  # pow() of 2x2 number
a .^ b  # pow() of number 2
a .^ 2.0  # pow_float(exponent=2.0) of 2
a .^ 0.0  # pow_float(exponent=0.0) of 2x2
a .^ 2  # pow_int(exponent=2) of 2
a .^ 5  # pow_int(exponent=5) of 3x3
a .^ -2  # pow_int(exponent=-2) of number
ifelse.(a .> 0, a, b .* a)  # prelu() of 2 number
ifelse.(a .> 0, a, b .* a)  # prelu() of 4x4 number
ifelse.(a .> 0, a, b .* a)  # prelu() of number number
prod(a)  # prod(axis=0, keepdims=False) of 2
dropdims(prod(a; dims=2); dims=2)  # prod(axis=-1, keepdims=False) of 2x2
maximum(a) .- minimum(a)  # ptp(axis=0, keepdims=False) of 2
maximum(a) .- minimum(a)  # ptp(axis=None, keepdims=False) of 1x1
(F -> Matrix(F.Q) .* transpose(sign.(LinearAlgebra.diag(F.R))))(LinearAlgebra.qr(a))  # qr_q() of 2x2
(F -> sign.(LinearAlgebra.diag(F.R)) .* F.R)(LinearAlgebra.qr(a))  # qr_r() of 2x2
Statistics.quantile(a, [0.5])  # quantile(axis=0, q=(0.5,)) of 2
inv.(a)  # reciprocal() of 2
inv.(a)  # reciprocal() of 2x2
inv.(a)  # reciprocal() of number
min.(inv.(a .^ 2), 0.5)  # reciprocal_at_most(most=0.5) of 2
min.(inv.(a .^ 2), 2.0)  # reciprocal_at_most(most=2.0) of 3x3
max.(a, 0)  # relu() of 2
max.(a, 0)  # relu() of 2x2
clamp.(a, 0, 6)  # relu6() of 2
clamp.(a, 0, 6)  # relu6() of 2x2
mod.(a, b)  # remainder() of 2 2
mod.(a, b)  # remainder() of 3x3 3x3
mod.(a, b)  # remainder() of number 2
repeat(a; inner=(0,))  # repeat(axis=0, repeats=(0,)) of 2
a[Int[], :]  # repeat(axis=-2, repeats=(0, 0)) of 2x2
a  # reshape(shape=(2,)) of 2
permutedims(reshape(permutedims(a), 1, 4))  # reshape(shape=(4, 1)) of 2x2
reshape([a], 1, 1)  # reshape(shape=(1, 1)) of number
circshift(a, 0)  # roll(axis=0, shift=0) of 2
circshift(a, (0, 1))  # roll(axis=1, shift=1) of 2x2
circshift(a, (0, 0))  # roll_axes(axis=(0, 0), shift=(0, 0)) of 2x2
max.(sqrt.(a .^ 2), 0.5)  # root_at_least(least=0.5) of 2
max.(sqrt.(a .^ 2), 2.0)  # root_at_least(least=2.0) of 2x2
rotl90(a, 0)  # rot90(k=0) of 2x2
round.(a)  # round() of 2
round.(a)  # round() of 3x3
round.(a)  # round() of number
accumulate((h, v) -> 0.5 * h + v, a)  # scan_decay(decay=0.5) of 2
accumulate((h, v) -> tanh(b * h + v), a; init=0.0)  # scan_tanh() of 2 number
sign.(a)  # sign() of 2
sign.(a)  # sign() of 4x4
a .* LogExpFunctions.logistic.(a)  # silu() of 2
a .* LogExpFunctions.logistic.(a)  # silu() of number
a .* LogExpFunctions.logistic.(a)  # silu() of 4x4
sin.(a)  # sin() of 2
sin.(a)  # sin() of 2x2
sin.(a)  # sin() of number
sinc.(a)  # sinc() of 2
sinc.(a)  # sinc() of 3x3
sinh.(a)  # sinh() of 2
sinh.(a)  # sinh() of 2x2
a[1:0]  # slice(axis=0, start=0, step=1, stop=0) of 2
a[1:0, :]  # slice(axis=-2, start=1, step=1, stop=1) of 2x2
log.(a)[:, 2:3]  # sliced_log(start=1) of 3x3
log.(a)[2:2]  # sliced_log(start=1) of 2
LinearAlgebra.logabsdet(a)[1]  # slogdet() of 2x2
LogExpFunctions.softmax(a)  # softmax(axis=0) of 2
LogExpFunctions.softmax(a; dims=2)  # softmax(axis=1) of 3x3
LogExpFunctions.softmax(a; dims=2)  # softmax(axis=1) of 2x3x3
LogExpFunctions.log1pexp.(a)  # softplus() of 2
LogExpFunctions.log1pexp.(a)  # softplus() of 2x2
a ./ (1 .+ abs.(a))  # softsign() of 2
a ./ (1 .+ abs.(a))  # softsign() of 2x2
a \ b  # solve() of 2x2 2
a \ b  # solve() of 1x1 1x1
LinearAlgebra.LowerTriangular(a) \ b  # solve_triangular(transpose=False, unit_diagonal=False, upper=False) of 2x2 2
transpose(LinearAlgebra.UnitUpperTriangular(a)) \ b  # solve_triangular(transpose=True, unit_diagonal=True, upper=True) of 4x4 4x4
sort(a)  # sort(axis=0, descending=False) of 2
sort(a; dims=1, rev=true)  # sort(axis=-2, descending=True) of 3x3
b[sortperm(a)]  # sort_by(axis=0) of 2 2
a[1:2]  # split(axis=0, sections=1, which=0) of 2
a[1:0, :]  # split(axis=-2, sections=3, which=2) of 2x2
sqrt.(a)  # sqrt() of 2
sqrt.(a)  # sqrt() of 3x3
Matrix(sqrt(LinearAlgebra.Symmetric((a .+ transpose(a)) ./ 2)))  # sqrtm() of 2x2
a .^ 2  # square() of 2
a .^ 2  # square() of 2x2
(a .+ sqrt.(a .^ 2 .+ 4.0)) ./ 2  # squareplus(b=4.0) of 2
(a .+ sqrt.(a .^ 2 .+ 4.0)) ./ 2  # squareplus(b=4.0) of 3x3
dropdims(a; dims=1)  # squeeze(axis=0) of 1x2
a[1]  # squeeze(axis=0) of 1
dropdims(a; dims=3)  # squeeze(axis=2) of 2x2x1
vcat(reshape(a, 1, 2), reshape(b, 1, 2))  # stack(axis=0) of 2 2
cat(reshape(a, 2, 2, 1), reshape(b, 2, 2, 1); dims=3)  # stack(axis=-1) of 2x2 2x2
[a, b]  # stack(axis=-1) of number number
Statistics.std(a; corrected=false)  # std(axis=0, correction=0, keepdims=False) of 2
dropdims(Statistics.std(a; dims=2, corrected=true); dims=2)  # std(axis=1, correction=1, keepdims=False) of 3x3
a .- b  # subtract() of 2 2
a .- b  # subtract() of 2x2 2x2
a .- reshape(b, 1, 2, 2)  # subtract() of 2x2x2 2x2
sum(a)  # sum(axis=0, keepdims=False) of 2
sum(a)  # sum(axis=None, keepdims=False) of 2x2
LinearAlgebra.svdvals(a)  # svdvals() of 2x2
a[Int[1]]  # take(axis=0, indices=(0,)) of 2
a[Int[1], :]  # take(axis=-2, indices=(0,)) of 2x1
a[Int[1]]  # take_along_axis(axis=0, indices=(0,)) of 2
reshape(a[Int[1, 2, 1, 2, 1, 4]], 2, 3)  # take_along_axis(axis=1, indices=((0, -2, 0), (-2, -2, 1))) of 2x2
sqrt.(a)[:, Int[3, 3, 3]]  # taken_sqrt(indices=(2, 2, 2)) of 3x3
sqrt.(a)[Int[2, 3, 3]]  # taken_sqrt(indices=(1, 2, 2)) of 3
tan.(a)  # tan() of 2
tan.(a)  # tan() of 2x2
tanh.(a)  # tanh() of 2
tanh.(a)  # tanh() of 2x2
a .- tanh.(a)  # tanhshrink() of 2
a .- tanh.(a)  # tanhshrink() of 2x2
a .- tanh.(a)  # tanhshrink() of number
LinearAlgebra.dot(a, b)  # tensordot(axes=1) of 2 2
a .* b  # tensordot(axes=0) of 3 number
vec(a * reshape(b, 4, 1))  # tensordot(axes=1) of 1x4 4
repeat(a, 1)  # tile(repetitions=(1,)) of 2
repeat(a, 3, 1)  # tile(repetitions=(3, 1)) of 2x2
sort(a; rev=true)[1:1]  # top_k(k=1) of 2
sort(a; dims=2, rev=true)[:, 1:2]  # top_k(k=2) of 2x2
LinearAlgebra.tr(a)  # trace() of 2x2
LinearAlgebra.tril(a)  # tril() of 2x2
LinearAlgebra.tril(a, 0)  # tril_offset(k=0) of 2x2
LinearAlgebra.triu(a)  # triu() of 2x2
LinearAlgebra.triu(a, 0)  # triu_offset(k=0) of 2x2
trunc.(a)  # trunc() of 2
trunc.(a)  # trunc() of 2x2
a[1]  # unstack(axis=0, which=0) of 2
a[:, 1]  # unstack(axis=1, which=0) of 1x1
a .^ reshape(Int[2, 1, 0], 1, 3)  # vander(columns=3, increasing=False) of 2
Statistics.var(a; corrected=false)  # var(axis=0, correction=0, keepdims=False) of 2
dropdims(Statistics.var(a; dims=2, corrected=false); dims=2)  # var(axis=1, correction=0, keepdims=False) of 2x2
LinearAlgebra.dot(a, b)  # vecdot() of 2 2
dropdims(sum(a .* b; dims=2); dims=2)  # vecdot() of 3x3 3x3
LinearAlgebra.norm(a)  # vector_norm(axis=0) of 2
sqrt.(dropdims(sum(abs2, a; dims=2); dims=2))  # vector_norm(axis=1) of 2x2
LinearAlgebra.norm(a, 3.0)  # vector_norm_ord(axis=0, keepdims=False, ord=3.0) of 2
reshape([LinearAlgebra.norm(a, -1.0)], 1, 1)  # vector_norm_ord(axis=None, keepdims=True, ord=-1.0) of 2x2
ifelse.(a, b, c)  # where() of 2 2 2
ifelse.(a, b, reshape(c, 1, 2))  # where() of 2x2 2x2 2
ifelse.(reshape(a, 1, 2), reshape(b, 1, 2), c)  # where() of 2 2 2x2
LogExpFunctions.xlog1py.(a, b)  # xlog1py() of 2 2
LogExpFunctions.xlog1py.(a, b)  # xlog1py() of 3x3 3x3
LogExpFunctions.xlogy.(a, b)  # xlogy() of 2 2
LogExpFunctions.xlogy.(a, b)  # xlogy() of 2x2 2x2
SpecialFunctions.zeta.(2, a)  # zeta(s=2) of 2
SpecialFunctions.zeta.(2, a)  # zeta(s=2) of 2x2
