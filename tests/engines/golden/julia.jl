# Written by python -m tests.engines.test_julia: a few calls of each operation in Julia.
abs.(a)  # abs() of 2x2
abs.(a)  # abs() of number
abs.(a)  # abs() of 3
acos.(a)  # acos() of 2x3
acos.(a)  # acos() of 4
acosh.(a)  # acosh() of 2x2
acosh.(a)  # acosh() of 2
acosh.(a)  # acosh() of number
a .+ b  # add() of 1x1 1x1
a .+ b  # add() of number 2x2
a .+ reshape(b, 1, 2)  # add() of 2x2 2
asin.(a)  # asin() of 2
asin.(a)  # asin() of 2x4
asinh.(a)  # asinh() of 2x2
asinh.(a)  # asinh() of 3
asinh.(a)  # asinh() of number
atan.(a)  # atan() of 2x2x1
atan.(a)  # atan() of 2x2
atan.(a)  # atan() of 3
atan.(a, b)  # atan2() of 3x3 number
atan.(a, reshape(b, 1, 3))  # atan2() of 3x3 3
atan.(a, b)  # atan2() of 3x3 3x3
atanh.(a)  # atanh() of 2x2
atanh.(a)  # atanh() of 4
SpecialFunctions.beta.(a, b)  # beta() of 2 2
SpecialFunctions.beta.(a, b)  # beta() of 2 number
SpecialFunctions.beta.(a, b)  # beta() of 2x2 2x2
SpecialFunctions.logbeta.(a, b)  # betaln() of 4 4
SpecialFunctions.logbeta.(a, b)  # betaln() of 3x3 3x3
SpecialFunctions.logbeta.(a, b)  # betaln() of number 2x2
(sum(a) > 1.0 ? a .* sin.(a) : a .* a)  # branch(threshold=1.0) of 3x3
(sum(a) > 1.0 ? a .* sin.(a) : a .* a)  # branch(threshold=1.0) of 2
(sum(a) > -1.0 ? a .* sin.(a) : a .* a)  # branch(threshold=-1.0) of number
repeat(reshape(a, 1, 2), 3, 1)  # broadcast_to(shape=(3, 2)) of 2
repeat(reshape(a, 1, 2, 2), 2, 1, 1)  # broadcast_to(shape=(2, 2, 2)) of 2x2
fill(a, 1)  # broadcast_to(shape=(1,)) of number
cbrt.(a)  # cbrt() of 2
cbrt.(a)  # cbrt() of 2x2
ceil.(a)  # ceil() of 1x1
ceil.(a)  # ceil() of 3
ifelse.(a .> 0, a, 0.5 .* expm1.(a ./ 0.5))  # celu(alpha=0.5) of 3
ifelse.(a .> 0, a, 2.0 .* expm1.(a ./ 2.0))  # celu(alpha=2.0) of 1x1
Matrix(LinearAlgebra.cholesky(LinearAlgebra.Symmetric((a .+ transpose(a)) ./ 2)).L)  # cholesky() of 3x3
inv(LinearAlgebra.cholesky(LinearAlgebra.Symmetric((a .+ transpose(a)) ./ 2)))  # cholesky_inverse() of 2x2
LinearAlgebra.cholesky(LinearAlgebra.Symmetric((a .+ transpose(a)) ./ 2)) \ b  # cholesky_solve() of 4x4 4x1
LinearAlgebra.cholesky(LinearAlgebra.Symmetric((a .+ transpose(a)) ./ 2)) \ b  # cholesky_solve() of 2x2 2
clamp.(a, 0.5, 1.0)  # clip(max=1.0, min=0.5) of 2x2
clamp.(a, 0.0, 1.0)  # clip(max=1.0, min=0.0) of 2
(F -> F.U * transpose(F.U))(LinearAlgebra.svd(a))  # column_projection() of 3x1
abs.(complex.(a, b))  # complex_abs() of 1 1
abs.(complex.(a, b))  # complex_abs() of number number
abs.(complex.(a, b))  # complex_abs() of 2x2 2x2
angle.(complex.(b, a))  # complex_angle() of 2x2 2x2
angle.(complex.(b, a))  # complex_angle() of 2 2
angle.(complex.(b, reshape(a, 1, 2)))  # complex_angle() of 2 2x2
real(LinearAlgebra.det(complex.(a, b)))  # complex_det() of 1x1 1x1
real.(exp.(complex.(a, b)))  # complex_exp() of 3 3
real.(exp.(complex.(a, b)))  # complex_exp() of 3x3 3x3
real(inv(complex.(a, b)))  # complex_inv() of 1x1 1x1
real.(log.(complex.(a, b)))  # complex_log() of 2 2
real.(log.(complex.(a, b)))  # complex_log() of number number
real.(log.(complex.(a, b)))  # complex_log() of 2x2 2x2
imag.(complex.(a, b) .^ 2)  # complex_power(exponent=2) of 3 3
imag.(complex.(a, b) .^ 2)  # complex_power(exponent=2) of 2x2 2x2
real.(complex.(a, b) .* complex.(c, d))  # complex_product() of 2x2 2x2 2x2 2x2
real.(complex.(a, b) .* complex.(c, d))  # complex_product() of number number number number
real.(complex.(a, b) .* complex.(c, d))  # complex_product() of 2 2 2 2
imag.(inv.(complex.(a, b)))  # complex_reciprocal() of 4 4
imag.(inv.(complex.(a, b)))  # complex_reciprocal() of number number
imag.(inv.(complex.(a, b)))  # complex_reciprocal() of 3x3 3x3
real(complex.(a, b) \ c)  # complex_solve() of 2x2 2x2 2
real.(sqrt.(complex.(a, b)))  # complex_sqrt() of 2 2
real.(sqrt.(complex.(a, b)))  # complex_sqrt() of 2x2 2x2
abs2.(complex.(a, b))  # complex_square_abs() of 3 3
abs2.(complex.(a, b))  # complex_square_abs() of 2x2 2x2
abs2.(complex.(a, b))  # complex_square_abs() of number number
vcat(a, b, c)  # concat(axis=0) of 2x2 2x2 2x2
vcat(a)  # concat(axis=-1) of 2
vcat(a)  # concat(axis=0) of 2x2
copysign.(a, b)  # copysign() of 3x3 3x3
copysign.(a, reshape(b, 1, 3))  # copysign() of 2x3 3
copysign.(a, b)  # copysign() of number 1
cos.(a)  # cos() of 2
cos.(a)  # cos() of 2x2
cosh.(a)  # cosh() of 3x3
cosh.(a)  # cosh() of 3
Statistics.cov(a; dims=2, corrected=false)  # cov(correction=0) of 3x3
LinearAlgebra.cross(a, b)  # cross(axis=-1) of 3 3
accumulate(max, a)  # cumulative_max(axis=-1) of 3
accumulate(max, a; dims=2)  # cumulative_max(axis=1) of 4x4
accumulate(min, a; dims=2)  # cumulative_min(axis=-1) of 1x1
accumulate(min, a)  # cumulative_min(axis=-1) of 2
cumprod(a)  # cumulative_prod(axis=-1) of 2
cumprod(a; dims=2)  # cumulative_prod(axis=-1) of 1x2
cumsum(a)  # cumulative_sum(axis=-1) of 2
foldl((q, _) -> q .- (-0.125) .* (_x -> Enzyme.jacobian(Enzyme.Reverse, t -> sum(@. t * b), _x)[1])(q), 1:3; init=a)  # descent(body='product', count=3, rate=-0.125) of 2x2 2x2
foldl((q, _) -> q .- 0.5 .* (_x -> Enzyme.jacobian(Enzyme.Reverse, t -> sum(@. sin(t * b) / (1.0 + t * t)), _x)[1])(q), 1:3; init=a)  # descent(body='quotient', count=3, rate=0.5) of 3 3
LinearAlgebra.det(a)  # det() of 4x4
LinearAlgebra.diagm(a)  # diag() of 1
LinearAlgebra.diagm(0 => a)  # diag_embed(offset=0) of 2
LinearAlgebra.diag(a)  # diagonal() of 3x2
LinearAlgebra.diag(a, -1)  # diagonal_offset(offset=-1) of 2x2
diff(diff(diff(a)))  # diff(axis=0, n=3) of 2
diff(diff(diff(a; dims=1); dims=1); dims=1)  # diff(axis=0, n=3) of 3x3
SpecialFunctions.digamma.(a)  # digamma() of 2x2
SpecialFunctions.digamma.(a)  # digamma() of number
SpecialFunctions.digamma.(a)  # digamma() of 2
a ./ b  # divide() of 2 2
a ./ b  # divide() of 3x3 3x3
a ./ b  # divide() of number 2x2
LinearAlgebra.eigvecs(LinearAlgebra.Symmetric((a .+ transpose(a)) ./ 2)) .^ 2  # eigenvector_weights() of 2x2
Matrix(exp(LinearAlgebra.Symmetric((a .+ transpose(a)) ./ 2)))  # eigh_exp() of 2x2
Matrix(sqrt(LinearAlgebra.Symmetric((a .+ transpose(a)) ./ 2)))  # eigh_sqrt() of 2x2
LinearAlgebra.eigvals(LinearAlgebra.Symmetric((a .+ transpose(a)) ./ 2))  # eigvalsh() of 4x4
ifelse.(a .> 0, a, 2.0 .* expm1.(a))  # elu(alpha=2.0) of 2x2
ifelse.(a .> 0, a, 0.5 .* expm1.(a))  # elu(alpha=0.5) of 2
ifelse.(a .> 0, a, 1.0 .* expm1.(a))  # elu(alpha=1.0) of number
.-LogExpFunctions.xlogx.(a)  # entr() of 3
.-LogExpFunctions.xlogx.(a)  # entr() of 3x3
SpecialFunctions.erf.(a)  # erf() of 2
SpecialFunctions.erf.(a)  # erf() of 1x3
SpecialFunctions.erf.(a)  # erf() of number
SpecialFunctions.erfc.(a)  # erfc() of 2x2
SpecialFunctions.erfc.(a)  # erfc() of 2
SpecialFunctions.erfcx.(a)  # erfcx() of 2
SpecialFunctions.erfcx.(a)  # erfcx() of 3x3
SpecialFunctions.erfinv.(a)  # erfinv() of 2
SpecialFunctions.erfinv.(a)  # erfinv() of 2x2
SpecialFunctions.erfinv.(a)  # erfinv() of number
exp.(a)  # exp() of 2
exp.(a)  # exp() of 3x3
exp.(a)  # exp() of number
SpecialFunctions.expint.(a)  # exp1() of 3x3
SpecialFunctions.expint.(a)  # exp1() of 2
SpecialFunctions.expint.(a)  # exp1() of number
exp2.(a)  # exp2() of 2x2
exp2.(a)  # exp2() of 2
exp2.(a)  # exp2() of number
reshape(a, 1, 3)  # expand_dims(axis=-2) of 3
reshape(a, 2, 2, 1)  # expand_dims(axis=-1) of 2x2
SpecialFunctions.expinti.(a)  # expi() of 3x3
SpecialFunctions.expinti.(a)  # expi() of number
SpecialFunctions.expinti.(a)  # expi() of 2
LogExpFunctions.logistic.(a)  # expit() of number
LogExpFunctions.logistic.(a)  # expit() of 2
LogExpFunctions.logistic.(a)  # expit() of 2x2
expm1.(a)  # expm1() of 2
expm1.(a)  # expm1() of 2x2
reverse(a; dims=1)  # flip(axis=-2) of 2x3
reverse(a)  # flip(axis=0) of 1
floor.(a)  # floor() of 1x1
floor.(a)  # floor() of number
floor.(a)  # floor() of 2
fld.(a, b)  # floor_divide() of 1 number
fld.(a, b)  # floor_divide() of 3x3 3x1
fld.(a, b)  # floor_divide() of 3x3 number
SpecialFunctions.gamma.(a)  # gamma() of 2x2
SpecialFunctions.gamma.(a)  # gamma() of 2
SpecialFunctions.gamma.(a)  # gamma() of number
a .* SpecialFunctions.erfc.(.-a ./ sqrt(2)) ./ 2  # gelu() of 3
a .* SpecialFunctions.erfc.(.-a ./ sqrt(2)) ./ 2  # gelu() of 2x2
a .* SpecialFunctions.erfc.(.-a ./ sqrt(2)) ./ 2  # gelu() of number
a .> b  # greater() of 3x3 3x3
a .>= b  # greater_equal() of 2 2
a .>= b  # greater_equal() of 2x2 2x2
clamp.(a .+ 3, 0, 6) ./ 6  # hardsigmoid() of 3
clamp.(a .+ 3, 0, 6) ./ 6  # hardsigmoid() of 2x2
clamp.(a .+ 3, 0, 6) ./ 6  # hardsigmoid() of number
a .* clamp.(a .+ 3, 0, 6) ./ 6  # hardswish() of 3
a .* clamp.(a .+ 3, 0, 6) ./ 6  # hardswish() of 2x2
clamp.(a, -1.0, 1.0)  # hardtanh(max=1.0, min=-1.0) of 3
clamp.(a, -1.0, 0.5)  # hardtanh(max=0.5, min=-1.0) of 2x2
clamp.(a, -2.0, 0.5)  # hardtanh(max=0.5, min=-2.0) of number
hypot.(a, b)  # hypot() of number 1
hypot.(a, b)  # hypot() of 4x4 number
hypot.(a, b)  # hypot() of number number
SpecialFunctions.besseli.(0, a)  # i0() of 2x2
SpecialFunctions.besseli.(0, a)  # i0() of 3
SpecialFunctions.besselix.(0, a)  # i0e() of 2
SpecialFunctions.besselix.(0, a)  # i0e() of number
SpecialFunctions.besselix.(0, a)  # i0e() of 3x3
SpecialFunctions.besseli.(1, a)  # i1() of 2x2
SpecialFunctions.besseli.(1, a)  # i1() of 2
SpecialFunctions.besselix.(1, a)  # i1e() of number
SpecialFunctions.besselix.(1, a)  # i1e() of 3
SpecialFunctions.besselix.(1, a)  # i1e() of 2x2
a[1, 2]  # index(index=(-3, -2)) of 3x3
a[2]  # index(index=(1,)) of 2
a[2, 1, :]  # index(index=(1, 0)) of 2x2x2
b * a  # inner() of 3 3x3
a * transpose(b)  # inner() of 3x3 3x3
LinearAlgebra.dot(a, b)  # inner() of 2 2
(_x -> Enzyme.jacobian(Enzyme.Reverse, t -> sum(@. t * b), _x)[1])(a)  # inner_derivative(body='product') of number number
(_x -> Enzyme.jacobian(Enzyme.Reverse, t -> sum(@. sin(t * b) / (1.0 + t * t)), _x)[1])(a)  # inner_derivative(body='quotient') of 2x2 2x2
(_x -> Enzyme.jacobian(Enzyme.Reverse, t -> sum(@. sin(t * b) / (1.0 + t * t)), _x)[1])(a)  # inner_derivative(body='quotient') of 2 2
(_x -> Enzyme.autodiff(Enzyme.Forward, t -> (@. t + b), Enzyme.Duplicated(_x, b))[1])(a)  # inner_pushforward(body='shifted') of 3x3 3x3
(_x -> Enzyme.autodiff(Enzyme.Forward, t -> (@. sin(t * b) / (1.0 + t * t)), Enzyme.Duplicated(_x, b))[1])(a)  # inner_pushforward(body='quotient') of 3 3
(_x -> Enzyme.jacobian(Enzyme.Reverse, s -> sum((_x -> Enzyme.jacobian(Enzyme.Reverse, t -> sum(@. sin(t) * b), _x)[1])(s)), _x)[1])(a)  # inner_second_derivative(body='sine') of 3x3 3x3
(_x -> Enzyme.jacobian(Enzyme.Reverse, s -> sum((_x -> Enzyme.jacobian(Enzyme.Reverse, t -> sum(@. sin(t) * b), _x)[1])(s)), _x)[1])(a)  # inner_second_derivative(body='sine') of 3 3
(_x -> Enzyme.jacobian(Enzyme.Reverse, s -> sum((_x -> Enzyme.jacobian(Enzyme.Reverse, t -> sum(@. t + b), _x)[1])(s)), _x)[1])(a)  # inner_second_derivative(body='shifted') of number number
inv(a)  # inv() of 2x2
SpecialFunctions.besselj0.(a)  # j0() of 2x2
SpecialFunctions.besselj0.(a)  # j0() of number
SpecialFunctions.besselj0.(a)  # j0() of 2
SpecialFunctions.besselj1.(a)  # j1() of 2x2
SpecialFunctions.besselj1.(a)  # j1() of 2
SpecialFunctions.besselj1.(a)  # j1() of number
kron(a, b)  # kron() of 1 2
kron(a, b)  # kron() of 1x2 3x3
kron(permutedims(a), b)  # kron() of 2 2x1
sort(a)[2]  # kth_value(axis=-1, k=2) of 3
sort(a; dims=2)[:, 3]  # kth_value(axis=1, k=3) of 4x4
a  # leaky_relu(slope=1.0) of 4
ifelse.(a .> 0, a, -0.5 .* a)  # leaky_relu(slope=-0.5) of 3x3
a .< b  # less() of 2 2
a .<= b  # less_equal() of 4x2 4x2
SpecialFunctions.loggamma.(a)  # lgamma() of 2
SpecialFunctions.loggamma.(a)  # lgamma() of 2x2
SpecialFunctions.loggamma.(a)  # lgamma() of number
log.(a)  # log() of number
log.(a)  # log() of 3x3
log.(a)  # log() of 2
log10.(a)  # log10() of 4
log10.(a)  # log10() of 3x3
log10.(a)  # log10() of 2x2x2
LogExpFunctions.log1mexp.(.-a)  # log1mexp() of 2
LogExpFunctions.log1mexp.(.-a)  # log1mexp() of 2x2
log1p.(a)  # log1p() of 3
log1p.(a)  # log1p() of number
log1p.(a)  # log1p() of 2x2
log2.(a)  # log2() of 3
log2.(a)  # log2() of 2x2
a .- LogExpFunctions.logsumexp(a)  # log_softmax(axis=-1) of 2
a .- LogExpFunctions.logsumexp(a; dims=1)  # log_softmax(axis=0) of 2x2
LogExpFunctions.logaddexp.(a, b)  # logaddexp() of 2 2
LogExpFunctions.logaddexp.(a, b)  # logaddexp() of 2x2 2x2
LinearAlgebra.logdet(a)  # logdet() of 3x3
a .| b  # logical_or() of 3x3 3x3
foldl((t, _) -> 2.0 .* t .* (1 .- t), 1:0; init=a)  # logistic_map(count=0, rate=2.0) of 2
foldl((t, _) -> 3.5 .* t .* (1 .- t), 1:1; init=a)  # logistic_map(count=1, rate=3.5) of 3x3
LogExpFunctions.logit.(a)  # logit() of 3x3
LogExpFunctions.logit.(a)  # logit() of 3
.-LogExpFunctions.log1pexp.(.-a)  # logsigmoid() of 3
.-LogExpFunctions.log1pexp.(.-a)  # logsigmoid() of 2x2
.-LogExpFunctions.log1pexp.(.-a)  # logsigmoid() of number
dropdims(LogExpFunctions.logsumexp(a; dims=2); dims=2)  # logsumexp(axis=1, keepdims=False) of 1x1
reshape([LogExpFunctions.logsumexp(a)], 1, 1, 1)  # logsumexp(axis=None, keepdims=True) of 2x2x2
LogExpFunctions.logsumexp(a)  # logsumexp(axis=None, keepdims=False) of 2
a \ b  # lstsq() of 3x3 3x3
a \ b  # lstsq() of 2x4 2
LinearAlgebra.lu(a) \ b  # lu_solve() of 1x1 1
LinearAlgebra.lu(a) \ b  # lu_solve() of 4x4 4x4
maximum(ifelse.(a .> -64.0, a, -65.0))  # masked_max(axis=-1, threshold=-64.0) of 2
maximum(ifelse.(a .> -64.0, a, -65.0))  # masked_max(axis=None, threshold=-64.0) of 2x2
dropdims(prod(ifelse.(a .> 64.0, a, 1.0); dims=1); dims=1)  # masked_prod(axis=0, threshold=64.0) of 4x4
prod(ifelse.(a .> -0.125, a, 1.0))  # masked_prod(axis=0, threshold=-0.125) of 3
sum(ifelse.(a .> 0.125, a, 0.0))  # masked_sum(axis=None, threshold=0.125) of 2x2
sum(ifelse.(a .> -64.0, a, 0.0))  # masked_sum(axis=None, threshold=-64.0) of 1
a * b  # matmul() of 2x2 2x2
transpose(b) * a  # matmul() of 3 3x3
LinearAlgebra.dot(a, b)  # matmul() of 1 1
exp(a)  # matrix_exp() of 2x2
LinearAlgebra.norm(a)  # matrix_norm() of 2x1
LinearAlgebra.opnorm(a, 1.0)  # matrix_norm_ord(ord=1.0) of 1x1
a ^ -1  # matrix_power(n=-1) of 2x2
permutedims(a)  # matrix_transpose() of 1x1
dropdims(maximum(a; dims=2); dims=2)  # max(axis=-1, keepdims=False) of 3x3
[maximum(a)]  # max(axis=None, keepdims=True) of 1
max.(a, b)  # maximum() of 2x2 2x2
max.(a, b)  # maximum() of 2 number
max.(reshape(a, 1, 4), b)  # maximum() of 4 4x4
Statistics.mean(a)  # mean(axis=None, keepdims=False) of 2
Statistics.mean(a)  # mean(axis=None, keepdims=False) of 2x1x1
dropdims(Statistics.mean(a; dims=1); dims=1)  # mean(axis=-2, keepdims=False) of 3x3
reshape([Statistics.median(a)], 1, 1)  # median(axis=None, keepdims=True) of 4x4
Statistics.median(a)  # median(axis=None, keepdims=False) of 1
dropdims(minimum(a; dims=1); dims=1)  # min(axis=-2, keepdims=False) of 2x2
minimum(a)  # min(axis=0, keepdims=False) of 2
min.(a, b)  # minimum() of 2 2
min.(reshape(a, 1, 3), b)  # minimum() of 3 3x3
min.(a, b)  # minimum() of 2x2 2x2
a .* tanh.(LogExpFunctions.log1pexp.(a))  # mish() of 3
a .* tanh.(LogExpFunctions.log1pexp.(a))  # mish() of 2x2
a .* tanh.(LogExpFunctions.log1pexp.(a))  # mish() of number
a  # moveaxis(destination=-1, source=1) of 2x2
a * b * c * d  # multi_dot() of 2x2 2x1 1x3 3x2
a * b * c  # multi_dot() of 2x2 2x2 2x3
a * b * c * d  # multi_dot() of 2x2 2x1 1x1 1
a .* b  # multiply() of 2x2 number
a .* b  # multiply() of 3 3
a .* b  # multiply() of 4x4 4x4
.-a  # negative() of 2
.-a  # negative() of 3x3
foldl((t, _) -> (t .+ a ./ t) ./ 2, 1:2; init=one.(a))  # newton_sqrt(count=2) of 2
foldl((t, _) -> (t .+ a ./ t) ./ 2, 1:3; init=one.(a))  # newton_sqrt(count=3) of 2x2
a .!= b  # not_equal() of 2x2 2x2
a .!= b  # not_equal() of number 2x2
a * transpose(b)  # outer() of 2 2
a .+ transpose(b)  # outer_sum() of 2 2
a  # permute_dims(axes=(0, 1)) of 3x3
LinearAlgebra.pinv(a)  # pinv() of 3x2
(F -> F.U * F.Vt)(LinearAlgebra.svd(a))  # polar_factor() of 2x3
SpecialFunctions.polygamma.(0, a)  # polygamma(n=0) of number
SpecialFunctions.polygamma.(3, a)  # polygamma(n=3) of 3x3
SpecialFunctions.polygamma.(2, a)  # polygamma(n=2) of 2
evalpoly.(b, Ref(reverse(a)))  # polyval() of 1 number
evalpoly.(b, Ref(reverse(a)))  # polyval() of 2 2
.+a  # positive() of 2
.+a  # positive() of 3x3
a .^ b  # pow() of number 2
a .^ b  # pow() of number 2x2
a .^ b  # pow() of number number
a .^ -1.0  # pow_float(exponent=-1.0) of 2x2
a .^ -0.5  # pow_float(exponent=-0.5) of 2
a .^ -1  # pow_int(exponent=-1) of 2
a .^ 0  # pow_int(exponent=0) of 2x2
a .^ -2  # pow_int(exponent=-2) of number
ifelse.(a .> 0, a, b .* a)  # prelu() of 3 number
ifelse.(a .> 0, a, b .* a)  # prelu() of 2x2 number
ifelse.(a .> 0, a, b .* a)  # prelu() of number number
[prod(a)]  # prod(axis=None, keepdims=True) of 3
prod(a)  # prod(axis=None, keepdims=False) of 3x3
maximum(a; dims=1) .- minimum(a; dims=1)  # ptp(axis=-2, keepdims=True) of 4x4
maximum(a) .- minimum(a)  # ptp(axis=None, keepdims=False) of 1
(F -> Matrix(F.Q) .* transpose(sign.(LinearAlgebra.diag(F.R))))(LinearAlgebra.qr(a))  # qr_q() of 3x1
(F -> sign.(LinearAlgebra.diag(F.R)) .* F.R)(LinearAlgebra.qr(a))  # qr_r() of 3x2
Statistics.quantile(a, [0.375, 0.375])  # quantile(axis=0, q=(0.375, 0.375)) of 3
inv.(a)  # reciprocal() of 2
inv.(a)  # reciprocal() of 2x2
max.(a, 0)  # relu() of 3x3
max.(a, 0)  # relu() of 4
clamp.(a, 0, 6)  # relu6() of 2
clamp.(a, 0, 6)  # relu6() of 2x2
clamp.(a, 0, 6)  # relu6() of number
mod.(a, b)  # remainder() of 3 number
mod.(a, b)  # remainder() of 2 2
mod.(a, b)  # remainder() of number 1
repeat(a; inner=(1, 2,))  # repeat(axis=1, repeats=(2,)) of 1x1
a[Int[2]]  # repeat(axis=0, repeats=(0, 1)) of 2
reshape(a, 1, 3)  # reshape(shape=(1, 3)) of 3
[a]  # reshape(shape=(1,)) of number
vec(permutedims(a))  # reshape(shape=(-1,)) of 3x3
circshift(a, -2)  # roll(axis=0, shift=-2) of 2
circshift(a, (2, 0))  # roll(axis=-2, shift=2) of 2x2
circshift(a, (3, -3))  # roll_axes(axis=(-1, 0), shift=(-3, 3)) of 2x2
rotl90(a, 1)  # rot90(k=1) of 2x3
round.(a)  # round() of 2
round.(a)  # round() of 2x2
round.(a)  # round() of number
accumulate((h, v) -> 0.5 * h + v, a)  # scan_decay(decay=0.5) of 3
accumulate((h, v) -> tanh(b * h + v), a; init=0.0)  # scan_tanh() of 3 number
sign.(a)  # sign() of 3
sign.(a)  # sign() of 1x1
a .* LogExpFunctions.logistic.(a)  # silu() of 2
a .* LogExpFunctions.logistic.(a)  # silu() of 3x3
sin.(a)  # sin() of 4x1
sin.(a)  # sin() of 2
sinc.(a)  # sinc() of 2
sinc.(a)  # sinc() of 2x2
sinh.(a)  # sinh() of 2
sinh.(a)  # sinh() of number
sinh.(a)  # sinh() of 1x1
a[1:2:1]  # slice(axis=-1, start=0, step=2, stop=2) of 3
a[4:4, :]  # slice(axis=0, start=3, step=1, stop=4) of 4x3
LinearAlgebra.logabsdet(a)[1]  # slogdet() of 3x3
LogExpFunctions.softmax(a)  # softmax(axis=0) of 1
LogExpFunctions.softmax(a; dims=1)  # softmax(axis=-2) of 2x3
LogExpFunctions.log1pexp.(a)  # softplus() of 3x3
LogExpFunctions.log1pexp.(a)  # softplus() of 2
LogExpFunctions.log1pexp.(a)  # softplus() of number
a ./ (1 .+ abs.(a))  # softsign() of 1
a ./ (1 .+ abs.(a))  # softsign() of 2x2
a ./ (1 .+ abs.(a))  # softsign() of 2x2x2
a \ b  # solve() of 2x2 2x2
a \ b  # solve() of 3x3 3
transpose(LinearAlgebra.UnitLowerTriangular(a)) \ b  # solve_triangular(transpose=True, unit_diagonal=True, upper=False) of 3x3 3x3
sort(a; dims=2, rev=true)  # sort(axis=-1, descending=True) of 2x2
sort(a; rev=true)  # sort(axis=-1, descending=True) of 2
b[sortperm(a)]  # sort_by(axis=0) of 2 2
a[1:1]  # split(axis=0, sections=1, which=-1) of 1
a[:, 3:3]  # split(axis=1, sections=3, which=2) of 3x3
sqrt.(a)  # sqrt() of 2
sqrt.(a)  # sqrt() of 3x3
sqrt.(a)  # sqrt() of number
Matrix(sqrt(LinearAlgebra.Symmetric((a .+ transpose(a)) ./ 2)))  # sqrtm() of 2x2
a .^ 2  # square() of 2x2
a .^ 2  # square() of 3
(a .+ sqrt.(a .^ 2 .+ 1.0)) ./ 2  # squareplus(b=1.0) of 2x2
(a .+ sqrt.(a .^ 2 .+ 4.0)) ./ 2  # squareplus(b=4.0) of 2
dropdims(a; dims=1)  # squeeze(axis=-2) of 1x2
a[1]  # squeeze(axis=-1) of 1
dropdims(a; dims=2)  # squeeze(axis=-2) of 2x1x2
reshape(a, 2, 1, 2)  # stack(axis=1) of 2x2
vcat(reshape(a, 1, 2, 2), reshape(b, 1, 2, 2), reshape(c, 1, 2, 2))  # stack(axis=0) of 2x2 2x2 2x2
hcat(a, b)  # stack(axis=1) of 3 3
reshape([Statistics.std(a; corrected=false)], 1, 1)  # std(axis=None, correction=0, keepdims=True) of 3x3
Statistics.std(a; corrected=true)  # std(axis=None, correction=1, keepdims=False) of 2
a .- b  # subtract() of number number
a .- b  # subtract() of number 2x2
a .- b  # subtract() of 2 2
sum(a)  # sum(axis=0, keepdims=False) of 2
sum(a)  # sum(axis=None, keepdims=False) of 1x2
LinearAlgebra.svdvals(a)  # svdvals() of 1x4
a[Int[2, 1, 1]]  # take(axis=-1, indices=(1, 0, 0)) of 2
a[:, Int[1, 3, 3]]  # take(axis=1, indices=(0, 2, 2)) of 3x3
a[Int[1, 1]]  # take_along_axis(axis=0, indices=(-2, 0)) of 2
reshape(a[Int[1, 2, 11, 4, 13, 6, 15, 16]], 4, 2)  # take_along_axis(axis=1, indices=((-4, -1), (-4, 1), (-2, 3), (0, -1))) of 4x4
tan.(a)  # tan() of 2x2
tan.(a)  # tan() of 2
tan.(a)  # tan() of number
tanh.(a)  # tanh() of number
tanh.(a)  # tanh() of 2
tanh.(a)  # tanh() of 2x2
a .- tanh.(a)  # tanhshrink() of 3x3
a .- tanh.(a)  # tanhshrink() of 3
a * b  # tensordot(axes=1) of 2x2 2x2
LinearAlgebra.dot(a, b)  # tensordot(axes=1) of 2 2
repeat(reshape(a, 1, 1, 2), 1, 2, 1)  # tile(repetitions=(1, 2, 1)) of 2
repeat(reshape(a, 1, 2, 2), 2, 1, 2)  # tile(repetitions=(2, 1, 2)) of 2x2
sort(a; dims=2, rev=true)[:, 1:2]  # top_k(k=2) of 2x2
sort(a; rev=true)[1:3]  # top_k(k=3) of 3
LinearAlgebra.tr(a)  # trace() of 2x2
LinearAlgebra.tril(a)  # tril() of 3x3
LinearAlgebra.tril(a, 1)  # tril_offset(k=1) of 2x2
LinearAlgebra.triu(a)  # triu() of 2x2
LinearAlgebra.triu(a, -1)  # triu_offset(k=-1) of 2x2
trunc.(a)  # trunc() of 3
trunc.(a)  # trunc() of 3x3
trunc.(a)  # trunc() of number
a[2]  # unstack(axis=0, which=-1) of 2
a[1, :]  # unstack(axis=0, which=-3) of 3x3
a .^ reshape(Int[3, 2, 1, 0], 1, 4)  # vander(columns=4, increasing=False) of 2
Statistics.var(a; corrected=false)  # var(axis=0, correction=0, keepdims=False) of 1
reshape([Statistics.var(a; corrected=true)], 1, 1)  # var(axis=None, correction=1, keepdims=True) of 2x2
LinearAlgebra.dot(a, b)  # vecdot() of 1 1
dropdims(sum(a .* b; dims=2); dims=2)  # vecdot() of 2x2 2x2
LinearAlgebra.norm(a)  # vector_norm(axis=-1) of 1
LinearAlgebra.norm(a)  # vector_norm(axis=None) of 2x2
LinearAlgebra.norm(a, 0.5)  # vector_norm_ord(axis=None, keepdims=False, ord=0.5) of 2
reshape([LinearAlgebra.norm(a, 0.5)], 1, 1)  # vector_norm_ord(axis=None, keepdims=True, ord=0.5) of 4x1
ifelse.(a, b, c)  # where() of 2 2 2
ifelse.(a, b, c)  # where() of 2x2 2x2 2x2
ifelse.(reshape(a, 1, 3, 3), reshape(b, 1, 3, 3), c)  # where() of 3x3 3x3 2x3x3
LogExpFunctions.xlog1py.(a, b)  # xlog1py() of 2 2
LogExpFunctions.xlog1py.(a, b)  # xlog1py() of 2x2 2x2
LogExpFunctions.xlog1py.(a, b)  # xlog1py() of number number
LogExpFunctions.xlogy.(a, b)  # xlogy() of 2 2
LogExpFunctions.xlogy.(a, b)  # xlogy() of 2x2 2x2
SpecialFunctions.zeta.(3, a)  # zeta(s=3) of 2
SpecialFunctions.zeta.(5, a)  # zeta(s=5) of 2x2
SpecialFunctions.zeta.(5, a)  # zeta(s=5) of number
