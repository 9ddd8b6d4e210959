# Written by python -m tests.engines.test_julia: a few calls of each operation in Julia.
abs.(a)  # abs() of number
abs.(a)  # abs() of 2
abs.(a)  # abs() of 3x3
acos.(a)  # acos() of 3x3
acos.(a)  # acos() of 2
acos.(a)  # acos() of number
acosh.(a)  # acosh() of 2x2
acosh.(a)  # acosh() of 3
a .+ b  # add() of 2 2
a .+ b  # add() of number 2x2
a .+ b  # add() of 2x2 number
asin.(a)  # asin() of 2
asin.(a)  # asin() of 3x3
asin.(a)  # asin() of number
asinh.(a)  # asinh() of 2x4
asinh.(a)  # asinh() of 2
asinh.(a)  # asinh() of number
atan.(a)  # atan() of number
atan.(a)  # atan() of 2
atan.(a)  # atan() of 2x2
atan.(a, b)  # atan2() of 2 2
atan.(a, b)  # atan2() of 3x3 3x3
atan.(reshape(a, 1, 2), b)  # atan2() of 2 2x2
atanh.(a)  # atanh() of 1
atanh.(a)  # atanh() of 4x4
SpecialFunctions.beta.(a, b)  # beta() of number number
SpecialFunctions.beta.(a, b)  # beta() of 1x4 1x4
SpecialFunctions.beta.(a, b)  # beta() of 2 2
SpecialFunctions.logbeta.(a, b)  # betaln() of 2 2
SpecialFunctions.logbeta.(a, b)  # betaln() of 2x2 number
SpecialFunctions.logbeta.(a, b)  # betaln() of number number
(sum(a) > 0.0 ? a .* sin.(a) : a .* a)  # branch(threshold=0.0) of 3x3
(sum(a) > 1.0 ? a .* sin.(a) : a .* a)  # branch(threshold=1.0) of 2
(sum(a) > -1.0 ? a .* sin.(a) : a .* a)  # branch(threshold=-1.0) of number
repeat(reshape(a, 1, 2, 2), 3, 1, 1)  # broadcast_to(shape=(3, 2, 2)) of 2x2
fill(a, 3)  # broadcast_to(shape=(3,)) of number
reshape(a, 1, 3)  # broadcast_to(shape=(1, 3)) of 3
cbrt.(a)  # cbrt() of 2x2
cbrt.(a)  # cbrt() of 2
cbrt.(a)  # cbrt() of number
ceil.(a)  # ceil() of 1
ceil.(a)  # ceil() of 2x2
ifelse.(a .> 0, a, 2.0 .* expm1.(a ./ 2.0))  # celu(alpha=2.0) of 4x4
ifelse.(a .> 0, a, 2.0 .* expm1.(a ./ 2.0))  # celu(alpha=2.0) of 2
ifelse.(a .> 0, a, 2.0 .* expm1.(a ./ 2.0))  # celu(alpha=2.0) of number
Matrix(LinearAlgebra.cholesky(LinearAlgebra.Symmetric((a .+ transpose(a)) ./ 2)).L)  # cholesky() of 3x3
inv(LinearAlgebra.cholesky(LinearAlgebra.Symmetric((a .+ transpose(a)) ./ 2)))  # cholesky_inverse() of 3x3
LinearAlgebra.cholesky(LinearAlgebra.Symmetric((a .+ transpose(a)) ./ 2)) \ b  # cholesky_solve() of 4x4 4x4
LinearAlgebra.cholesky(LinearAlgebra.Symmetric((a .+ transpose(a)) ./ 2)) \ b  # cholesky_solve() of 3x3 3
clamp.(a, 1.0, 2.0)  # clip(max=2.0, min=1.0) of number
clamp.(a, -2.375, -1.875)  # clip(max=-1.875, min=-2.375) of 2x2
(F -> F.U * transpose(F.U))(LinearAlgebra.svd(a))  # column_projection() of 4x2
abs.(complex.(a, b))  # complex_abs() of 2x2 2x2
abs.(complex.(a, b))  # complex_abs() of 2 2
abs.(complex.(a, b))  # complex_abs() of number number
angle.(complex.(b, a))  # complex_angle() of 2 1
angle.(complex.(b, a))  # complex_angle() of 1 number
angle.(complex.(b, a))  # complex_angle() of 3x1 3x3
real(LinearAlgebra.det(complex.(a, b)))  # complex_det() of 2x2 2x2
real.(exp.(complex.(a, b)))  # complex_exp() of 2x2 2x2
real.(exp.(complex.(a, b)))  # complex_exp() of 1 1
real.(exp.(complex.(a, b)))  # complex_exp() of number number
real(inv(complex.(a, b)))  # complex_inv() of 3x3 3x3
real.(log.(complex.(a, b)))  # complex_log() of 4 4
real.(log.(complex.(a, b)))  # complex_log() of 3x3 3x3
imag.(complex.(a, b) .^ 2)  # complex_power(exponent=2) of 3x3 3x3
imag.(complex.(a, b) .^ 2)  # complex_power(exponent=2) of 2 2
real.(complex.(a, b) .* complex.(c, d))  # complex_product() of 3 3 3 3
real.(complex.(a, b) .* complex.(c, d))  # complex_product() of number number number number
real.(complex.(a, b) .* complex.(c, d))  # complex_product() of 3x3 3x3 3x3 3x3
imag.(inv.(complex.(a, b)))  # complex_reciprocal() of 4x4 4x4
imag.(inv.(complex.(a, b)))  # complex_reciprocal() of 2 2
real(complex.(a, b) \ c)  # complex_solve() of 2x2 2x2 2
real.(sqrt.(complex.(a, b)))  # complex_sqrt() of 1x1 1x1
real.(sqrt.(complex.(a, b)))  # complex_sqrt() of 3 3
abs2.(complex.(a, b))  # complex_square_abs() of 2x2 2x2
abs2.(complex.(a, b))  # complex_square_abs() of 3 3
vcat(a, b)  # concat(axis=-1) of 2 2
vcat(a)  # concat(axis=-1) of 3
hcat(a, b)  # concat(axis=1) of 2x2 2x2
copysign.(a, b)  # copysign() of 2x2 number
copysign.(a, b)  # copysign() of 1 1
copysign.(a, b)  # copysign() of 2x2 2x2
cos.(a)  # cos() of 2
cos.(a)  # cos() of 3x3
cos.(a)  # cos() of number
cosh.(a)  # cosh() of 2
cosh.(a)  # cosh() of 3x4
Statistics.cov(a; dims=2, corrected=false)  # cov(correction=0) of 2x2
LinearAlgebra.cross(a, b)  # cross(axis=-1) of 3 3
accumulate(max, a)  # cumulative_max(axis=0) of 2
accumulate(max, a; dims=1)  # cumulative_max(axis=0) of 1x1
accumulate(min, a)  # cumulative_min(axis=-1) of 3
accumulate(min, a; dims=1)  # cumulative_min(axis=0) of 3x3
cumprod(a; dims=1)  # cumulative_prod(axis=0) of 3x1
cumprod(a)  # cumulative_prod(axis=0) of 3
cumsum(a)  # cumulative_sum(axis=-1) of 4
cumsum(a; dims=1)  # cumulative_sum(axis=-2) of 3x3
foldl((q, _) -> q .- 0.5 .* (_x -> Enzyme.jacobian(Enzyme.Reverse, t -> sum(@. t * b), _x)[1])(q), 1:2; init=a)  # descent(body='product', count=2, rate=0.5) of number number
foldl((q, _) -> q .- (-0.125) .* (_x -> Enzyme.jacobian(Enzyme.Reverse, t -> sum(@. t * b), _x)[1])(q), 1:1; init=a)  # descent(body='product', count=1, rate=-0.125) of 2x2 2x2
foldl((q, _) -> q .- (-0.125) .* (_x -> Enzyme.jacobian(Enzyme.Reverse, t -> sum(@. t + b), _x)[1])(q), 1:2; init=a)  # descent(body='shifted', count=2, rate=-0.125) of 3 3
LinearAlgebra.det(a)  # det() of 3x3
LinearAlgebra.diagm(a)  # diag() of 2
LinearAlgebra.diagm(-1 => a)  # diag_embed(offset=-1) of 3
LinearAlgebra.diag(a)  # diagonal() of 3x3
LinearAlgebra.diag(a, 0)  # diagonal_offset(offset=0) of 1x3
diff(diff(diff(a)))  # diff(axis=-1, n=3) of 2
a  # diff(axis=-2, n=0) of 2x2
SpecialFunctions.digamma.(a)  # digamma() of 3
SpecialFunctions.digamma.(a)  # digamma() of 4x4
a ./ b  # divide() of 2x2 2x2
a ./ b  # divide() of number number
reshape(a, 1, 2) ./ b  # divide() of 2 2x2
LinearAlgebra.eigvecs(LinearAlgebra.Symmetric((a .+ transpose(a)) ./ 2)) .^ 2  # eigenvector_weights() of 3x3
Matrix(exp(LinearAlgebra.Symmetric((a .+ transpose(a)) ./ 2)))  # eigh_exp() of 3x3
Matrix(sqrt(LinearAlgebra.Symmetric((a .+ transpose(a)) ./ 2)))  # eigh_sqrt() of 3x3
LinearAlgebra.eigvals(LinearAlgebra.Symmetric((a .+ transpose(a)) ./ 2))  # eigvalsh() of 1x1
ifelse.(a .> 0, a, 2.0 .* expm1.(a))  # elu(alpha=2.0) of 4x4
ifelse.(a .> 0, a, 1.0 .* expm1.(a))  # elu(alpha=1.0) of 2
.-LogExpFunctions.xlogx.(a)  # entr() of 2x2
.-LogExpFunctions.xlogx.(a)  # entr() of number
.-LogExpFunctions.xlogx.(a)  # entr() of 2
a .== b  # equal() of 3 3
SpecialFunctions.erf.(a)  # erf() of 2
SpecialFunctions.erf.(a)  # erf() of number
SpecialFunctions.erf.(a)  # erf() of 3x3
SpecialFunctions.erfc.(a)  # erfc() of 3x3
SpecialFunctions.erfc.(a)  # erfc() of 3
SpecialFunctions.erfc.(a)  # erfc() of number
SpecialFunctions.erfcx.(a)  # erfcx() of 2x2
SpecialFunctions.erfcx.(a)  # erfcx() of number
SpecialFunctions.erfcx.(a)  # erfcx() of 2
SpecialFunctions.erfinv.(a)  # erfinv() of 3
SpecialFunctions.erfinv.(a)  # erfinv() of number
SpecialFunctions.erfinv.(a)  # erfinv() of 2x2
exp.(a)  # exp() of 2
exp.(a)  # exp() of number
exp.(a)  # exp() of 3x3
SpecialFunctions.expint.(a)  # exp1() of 3
SpecialFunctions.expint.(a)  # exp1() of 3x3
exp2.(a)  # exp2() of 3x3
exp2.(a)  # exp2() of 2
reshape(a, 2, 1, 2)  # expand_dims(axis=1) of 2x2
reshape(a, 1, 2)  # expand_dims(axis=-2) of 2
[a]  # expand_dims(axis=0) of number
SpecialFunctions.expinti.(a)  # expi() of 1x3
SpecialFunctions.expinti.(a)  # expi() of 3
SpecialFunctions.expinti.(a)  # expi() of number
LogExpFunctions.logistic.(a)  # expit() of 2x2
LogExpFunctions.logistic.(a)  # expit() of 2
LogExpFunctions.logistic.(a)  # expit() of number
expm1.(a)  # expm1() of 2x2
expm1.(a)  # expm1() of number
reverse(a)  # flip(axis=0) of 2
reverse(a; dims=2)  # flip(axis=-1) of 2x2
floor.(a)  # floor() of 2
floor.(a)  # floor() of 4x4
fld.(a, b)  # floor_divide() of 3 3
fld.(a, b)  # floor_divide() of 1 number
fld.(a, b)  # floor_divide() of 2x2 2x2
SpecialFunctions.gamma.(a)  # gamma() of 1x1
SpecialFunctions.gamma.(a)  # gamma() of number
SpecialFunctions.gamma.(a)  # gamma() of 2
a .* SpecialFunctions.erfc.(.-a ./ sqrt(2)) ./ 2  # gelu() of 1x1
a .* SpecialFunctions.erfc.(.-a ./ sqrt(2)) ./ 2  # gelu() of 3
a .* SpecialFunctions.erfc.(.-a ./ sqrt(2)) ./ 2  # gelu() of number
a .> b  # greater() of 3 3
a .> b  # greater() of number number
a .>= b  # greater_equal() of 2x2 2x1
clamp.(a .+ 3, 0, 6) ./ 6  # hardsigmoid() of 2x2
clamp.(a .+ 3, 0, 6) ./ 6  # hardsigmoid() of 3
clamp.(a .+ 3, 0, 6) ./ 6  # hardsigmoid() of number
a .* clamp.(a .+ 3, 0, 6) ./ 6  # hardswish() of 3
a .* clamp.(a .+ 3, 0, 6) ./ 6  # hardswish() of 2x2
clamp.(a, -1.0, 2.0)  # hardtanh(max=2.0, min=-1.0) of 3x3
clamp.(a, 0.0, 1.0)  # hardtanh(max=1.0, min=0.0) of 4
hypot.(a, b)  # hypot() of 2x1 2x1
hypot.(a, b)  # hypot() of 3 3
SpecialFunctions.besseli.(0, a)  # i0() of 2
SpecialFunctions.besseli.(0, a)  # i0() of 2x2
SpecialFunctions.besselix.(0, a)  # i0e() of 2
SpecialFunctions.besselix.(0, a)  # i0e() of 2x2
SpecialFunctions.besselix.(0, a)  # i0e() of number
SpecialFunctions.besseli.(1, a)  # i1() of 2x2
SpecialFunctions.besseli.(1, a)  # i1() of 3
SpecialFunctions.besseli.(1, a)  # i1() of number
SpecialFunctions.besselix.(1, a)  # i1e() of 3x3
SpecialFunctions.besselix.(1, a)  # i1e() of 2
a[3, 4]  # index(index=(2, 3)) of 4x4
a[2]  # index(index=(1,)) of 3
LinearAlgebra.dot(a, b)  # inner() of 3 3
a * transpose(b)  # inner() of 2x4 2x4
(_x -> Enzyme.jacobian(Enzyme.Reverse, t -> sum(@. t * exp(b * t)), _x)[1])(a)  # inner_derivative(body='growth') of 2x2 2x2
(_x -> Enzyme.jacobian(Enzyme.Reverse, t -> sum(@. sin(t * b) / (1.0 + t * t)), _x)[1])(a)  # inner_derivative(body='quotient') of 4 4
(_x -> Enzyme.autodiff(Enzyme.Forward, t -> (@. t * b), Enzyme.Duplicated(_x, b))[1])(a)  # inner_pushforward(body='product') of number number
(_x -> Enzyme.autodiff(Enzyme.Forward, t -> (@. t + b), Enzyme.Duplicated(_x, b))[1])(a)  # inner_pushforward(body='shifted') of 2x2 2x2
(_x -> Enzyme.jacobian(Enzyme.Reverse, s -> sum((_x -> Enzyme.jacobian(Enzyme.Reverse, t -> sum(@. t + b), _x)[1])(s)), _x)[1])(a)  # inner_second_derivative(body='shifted') of 2x2 2x2
(_x -> Enzyme.jacobian(Enzyme.Reverse, s -> sum((_x -> Enzyme.jacobian(Enzyme.Reverse, t -> sum(@. sin(t) * b), _x)[1])(s)), _x)[1])(a)  # inner_second_derivative(body='sine') of 2 2
(_x -> Enzyme.jacobian(Enzyme.Reverse, s -> sum((_x -> Enzyme.jacobian(Enzyme.Reverse, t -> sum(@. t * t * t + b * t), _x)[1])(s)), _x)[1])(a)  # inner_second_derivative(body='cubic') of number number
inv(a)  # inv() of 1x1
SpecialFunctions.besselj0.(a)  # j0() of 2x2
SpecialFunctions.besselj0.(a)  # j0() of 2
SpecialFunctions.besselj0.(a)  # j0() of number
SpecialFunctions.besselj1.(a)  # j1() of 2x2
SpecialFunctions.besselj1.(a)  # j1() of 4
kron(permutedims(a), b)  # kron() of 2 3x3
kron(a, b)  # kron() of 1 1
kron(a, b)  # kron() of 1x2 2x2
sort(a)[3]  # kth_value(axis=-1, k=3) of 3
sort(a; dims=2)[:, 1]  # kth_value(axis=-1, k=1) of 3x1
ifelse.(a .> 0, a, 0.0 .* a)  # leaky_relu(slope=0.0) of 2x2
ifelse.(a .> 0, a, 0.125 .* a)  # leaky_relu(slope=0.125) of 2
ifelse.(a .> 0, a, 0.0 .* a)  # leaky_relu(slope=0.0) of number
a .<= b  # less_equal() of 3 3
a .<= b  # less_equal() of number number
SpecialFunctions.loggamma.(a)  # lgamma() of 3
SpecialFunctions.loggamma.(a)  # lgamma() of 2x2
SpecialFunctions.loggamma.(a)  # lgamma() of number
log.(a)  # log() of 2x2
log.(a)  # log() of 3
log.(a)  # log() of number
log10.(a)  # log10() of 3
log10.(a)  # log10() of 2x2
LogExpFunctions.log1mexp.(.-a)  # log1mexp() of 2
LogExpFunctions.log1mexp.(.-a)  # log1mexp() of number
LogExpFunctions.log1mexp.(.-a)  # log1mexp() of 2x2
log1p.(a)  # log1p() of 2
log1p.(a)  # log1p() of 3x3
log2.(a)  # log2() of 3x3
log2.(a)  # log2() of number
log2.(a)  # log2() of 3
a .- LogExpFunctions.logsumexp(a)  # log_softmax(axis=-1) of 1
a .- LogExpFunctions.logsumexp(a; dims=1)  # log_softmax(axis=-2) of 2x2
LogExpFunctions.logaddexp.(a, b)  # logaddexp() of 2 2
LogExpFunctions.logaddexp.(a, b)  # logaddexp() of 2 number
LogExpFunctions.logaddexp.(a, b)  # logaddexp() of 3x3 3x3
LinearAlgebra.logdet(a)  # logdet() of 3x3
a .| b  # logical_or() of 3 3
xor.(reshape(a, 1, 3), b)  # logical_xor() of 3 2x3
xor.(a, b)  # logical_xor() of number number
foldl((t, _) -> 3.5 .* t .* (1 .- t), 1:2; init=a)  # logistic_map(count=2, rate=3.5) of 4
foldl((t, _) -> 3.5 .* t .* (1 .- t), 1:1; init=a)  # logistic_map(count=1, rate=3.5) of number
foldl((t, _) -> 1.0 .* t .* (1 .- t), 1:3; init=a)  # logistic_map(count=3, rate=1.0) of 2x2
LogExpFunctions.logit.(a)  # logit() of 3x3
LogExpFunctions.logit.(a)  # logit() of number
LogExpFunctions.logit.(a)  # logit() of 2
.-LogExpFunctions.log1pexp.(.-a)  # logsigmoid() of 2
.-LogExpFunctions.log1pexp.(.-a)  # logsigmoid() of 2x2
.-LogExpFunctions.log1pexp.(.-a)  # logsigmoid() of number
LogExpFunctions.logsumexp(a; dims=1)  # logsumexp(axis=-1, keepdims=True) of 2
LogExpFunctions.logsumexp(a)  # logsumexp(axis=None, keepdims=False) of 3x3
a \ b  # lstsq() of 2x3 2x3
LinearAlgebra.lu(a) \ b  # lu_solve() of 2x2 2
LinearAlgebra.lu(a) \ b  # lu_solve() of 3x3 3x1
maximum(ifelse.(a .> -64.0, a, -65.0))  # masked_max(axis=None, threshold=-64.0) of 2x3
maximum(ifelse.(a .> 0.125, a, -0.875))  # masked_max(axis=0, threshold=0.125) of 2
prod(ifelse.(a .> 0.125, a, 1.0))  # masked_prod(axis=None, threshold=0.125) of 3x3
prod(ifelse.(a .> 64.0, a, 1.0))  # masked_prod(axis=None, threshold=64.0) of 2
dropdims(sum(ifelse.(a .> 64.0, a, 0.0); dims=1); dims=1)  # masked_sum(axis=0, threshold=64.0) of 2x2
sum(ifelse.(a .> 0.125, a, 0.0))  # masked_sum(axis=None, threshold=0.125) of 1
LinearAlgebra.dot(a, b)  # matmul() of 2 2
a * b  # matmul() of 2x2 2x2
exp(a)  # matrix_exp() of 3x3
LinearAlgebra.norm(a)  # matrix_norm() of 2x4
LinearAlgebra.opnorm(a, 1.0)  # matrix_norm_ord(ord=1.0) of 1x3
a ^ 3  # matrix_power(n=3) of 3x3
permutedims(a)  # matrix_transpose() of 2x2
maximum(a)  # max(axis=None, keepdims=False) of 2x2
maximum(a)  # max(axis=0, keepdims=False) of 2
max.(a, b)  # maximum() of 2 2
max.(a, b)  # maximum() of 2x2 2x2
max.(a, b)  # maximum() of number 2
dropdims(Statistics.mean(a; dims=1); dims=1)  # mean(axis=0, keepdims=False) of 2x2
[Statistics.mean(a)]  # mean(axis=None, keepdims=True) of 1
Statistics.median(a)  # median(axis=0, keepdims=False) of 1
minimum(a)  # min(axis=-1, keepdims=False) of 1
dropdims(minimum(a; dims=1); dims=1)  # min(axis=-2, keepdims=False) of 2x2
min.(a, b)  # minimum() of 2x2 2x2
min.(a, b)  # minimum() of 2 2
min.(a, b)  # minimum() of number 1
a .* tanh.(LogExpFunctions.log1pexp.(a))  # mish() of 2
a .* tanh.(LogExpFunctions.log1pexp.(a))  # mish() of 2x2
permutedims(a)  # moveaxis(destination=-2, source=1) of 1x2
a * b  # multi_dot() of 2x2 2x2
a * b  # multi_dot() of 2x2 2
a * b * c  # multi_dot() of 2x2 2x1 1x1
a .* b  # multiply() of number number
a .* b  # multiply() of number 2
a .* b  # multiply() of 2 2
.-a  # negative() of 3x3
.-a  # negative() of number
.-a  # negative() of 1
foldl((t, _) -> (t .+ a ./ t) ./ 2, 1:1; init=one.(a))  # newton_sqrt(count=1) of 2x3x3
foldl((t, _) -> (t .+ a ./ t) ./ 2, 1:1; init=one.(a))  # newton_sqrt(count=1) of 2
foldl((t, _) -> (t .+ a ./ t) ./ 2, 1:3; init=one.(a))  # newton_sqrt(count=3) of 2x2
reshape(a, 1, 3) .!= b  # not_equal() of 3 2x3
a .!= b  # not_equal() of 2x2 2x2
a * transpose(b)  # outer() of 2 2
a .+ transpose(b)  # outer_sum() of 3 3
permutedims(a)  # permute_dims(axes=(1, 0)) of 2x1
LinearAlgebra.pinv(a)  # pinv() of 3x2
(F -> F.U * F.Vt)(LinearAlgebra.svd(a))  # polar_factor() of 2x4
SpecialFunctions.polygamma.(1, a)  # polygamma(n=1) of 2x2
SpecialFunctions.polygamma.(0, a)  # polygamma(n=0) of 3
evalpoly.(b, Ref(reverse(a)))  # polyval() of 1 3x3
evalpoly.(b, Ref(reverse(a)))  # polyval() of 3 3
evalpoly.(b, Ref(reverse(a)))  # polyval() of 1 number
.+a  # positive() of 2x2
.+a  # positive() of 3
.+a  # positive() of number
a .^ b  # pow() of number number
a .^ b  # pow() of 2 number
a .^ b  # pow() of number 2
a .^ -1.0  # pow_float(exponent=-1.0) of number
a .^ -0.5  # pow_float(exponent=-0.5) of 3
a .^ 2.5  # pow_float(exponent=2.5) of 2x2
a .^ 0  # pow_int(exponent=0) of 2x2
a .^ 3  # pow_int(exponent=3) of 2
ifelse.(a .> 0, a, b .* a)  # prelu() of 2 number
ifelse.(a .> 0, a, b .* a)  # prelu() of 2x2 number
reshape([prod(a)], 1, 1)  # prod(axis=None, keepdims=True) of 2x2
prod(a)  # prod(axis=None, keepdims=False) of 2
maximum(a) .- minimum(a)  # ptp(axis=None, keepdims=False) of 3x3
[maximum(a)] .- [minimum(a)]  # ptp(axis=None, keepdims=True) of 3
(F -> Matrix(F.Q) .* transpose(sign.(LinearAlgebra.diag(F.R))))(LinearAlgebra.qr(a))  # qr_q() of 4x2
(F -> sign.(LinearAlgebra.diag(F.R)) .* F.R)(LinearAlgebra.qr(a))  # qr_r() of 3x1
Statistics.quantile(a, [0.25, 0.5])  # quantile(axis=-1, q=(0.25, 0.5)) of 3
inv.(a)  # reciprocal() of 4
inv.(a)  # reciprocal() of 3x3
inv.(a)  # reciprocal() of number
max.(a, 0)  # relu() of 2x2
max.(a, 0)  # relu() of 2
clamp.(a, 0, 6)  # relu6() of 2x2
clamp.(a, 0, 6)  # relu6() of 4
clamp.(a, 0, 6)  # relu6() of number
mod.(a, b)  # remainder() of 3 3
mod.(a, b)  # remainder() of 2x2 2x2
mod.(a, reshape(b, 1, 2))  # remainder() of 2x2 2
a[Int[1, 1, 2, 2]]  # repeat(axis=0, repeats=(2, 2)) of 2
repeat(a; inner=(2, 1,))  # repeat(axis=0, repeats=(2,)) of 2x1
a  # reshape(shape=(3, 3)) of 3x3
a  # reshape(shape=()) of number
reshape(a, 4, 1)  # reshape(shape=(4, 1)) of 4
circshift(a, -3)  # roll(axis=0, shift=-3) of 2
circshift(a, (1, 0))  # roll(axis=0, shift=1) of 3x3
circshift(a, (0, 3))  # roll_axes(axis=(1, -2), shift=(3, 0)) of 2x2
rotl90(a, 2)  # rot90(k=2) of 3x3
round.(a)  # round() of 3x3
round.(a)  # round() of number
round.(a)  # round() of 2
accumulate((h, v) -> 0.0 * h + v, a)  # scan_decay(decay=0.0) of 4
accumulate((h, v) -> tanh(b * h + v), a; init=0.0)  # scan_tanh() of 3 number
sign.(a)  # sign() of number
sign.(a)  # sign() of 2
sign.(a)  # sign() of 3x3
a .* LogExpFunctions.logistic.(a)  # silu() of number
a .* LogExpFunctions.logistic.(a)  # silu() of 2x2
a .* LogExpFunctions.logistic.(a)  # silu() of 2
sin.(a)  # sin() of 4
sin.(a)  # sin() of number
sin.(a)  # sin() of 3x3
sinc.(a)  # sinc() of 3x3
sinc.(a)  # sinc() of 4
sinh.(a)  # sinh() of 2x2
sinh.(a)  # sinh() of number
sinh.(a)  # sinh() of 2
a[:, 1:0]  # slice(axis=-1, start=1, step=2, stop=1) of 2x2
a[1:1]  # slice(axis=0, start=0, step=1, stop=1) of 3
LinearAlgebra.logabsdet(a)[1]  # slogdet() of 3x3
LogExpFunctions.softmax(a)  # softmax(axis=-1) of 2
LogExpFunctions.softmax(a; dims=2)  # softmax(axis=-1) of 4x4
LogExpFunctions.log1pexp.(a)  # softplus() of 2
LogExpFunctions.log1pexp.(a)  # softplus() of 3x3
a ./ (1 .+ abs.(a))  # softsign() of 3
a ./ (1 .+ abs.(a))  # softsign() of 2x2
a \ b  # solve() of 1x1 1x1
a \ b  # solve() of 1x1 1
LinearAlgebra.LowerTriangular(a) \ b  # solve_triangular(transpose=False, unit_diagonal=False, upper=False) of 4x4 4x1
LinearAlgebra.LowerTriangular(a) \ b  # solve_triangular(transpose=False, unit_diagonal=False, upper=False) of 4x4 4
sort(a; rev=true)  # sort(axis=-1, descending=True) of 3
sort(a; dims=2, rev=true)  # sort(axis=1, descending=True) of 2x2
b[sortperm(a)]  # sort_by(axis=0) of 2 2
a[:, 2:2]  # split(axis=-1, sections=2, which=-1) of 2x2
a[1:1]  # split(axis=-1, sections=3, which=0) of 2
sqrt.(a)  # sqrt() of 3
sqrt.(a)  # sqrt() of number
sqrt.(a)  # sqrt() of 1x1
Matrix(sqrt(LinearAlgebra.Symmetric((a .+ transpose(a)) ./ 2)))  # sqrtm() of 3x3
a .^ 2  # square() of 2
a .^ 2  # square() of number
a .^ 2  # square() of 3x3
(a .+ sqrt.(a .^ 2 .+ 1.0)) ./ 2  # squareplus(b=1.0) of 2x2
(a .+ sqrt.(a .^ 2 .+ 4.0)) ./ 2  # squareplus(b=4.0) of number
(a .+ sqrt.(a .^ 2 .+ 1.0)) ./ 2  # squareplus(b=1.0) of 2
dropdims(a; dims=2)  # squeeze(axis=1) of 2x1x2
dropdims(a; dims=1)  # squeeze(axis=-2) of 1x2
vcat(reshape(a, 1, 1), reshape(b, 1, 1), reshape(c, 1, 1))  # stack(axis=0) of 1 1 1
reshape(a, 1, 2)  # stack(axis=0) of 2
hcat(a, b)  # stack(axis=1) of 1 1
Statistics.std(a; corrected=false)  # std(axis=-1, correction=0, keepdims=False) of 2
a .- b  # subtract() of 3x3 3x3
a .- b  # subtract() of number 3x3
a .- b  # subtract() of number number
sum(a)  # sum(axis=0, keepdims=False) of 2
sum(a)  # sum(axis=None, keepdims=False) of 3x3
LinearAlgebra.svdvals(a)  # svdvals() of 2x4
a[Int[2, 2, 2, 1]]  # take(axis=0, indices=(1, 1, 1, 0)) of 2
a[Int[1, 1, 1], :]  # take(axis=-2, indices=(0, 0, 0)) of 3x3
reshape(a[Int[1, 1, 1]], 3, 1)  # take_along_axis(axis=-2, indices=((0,), (-1,), (-1,))) of 1x1
a[Int[2, 3, 1]]  # take_along_axis(axis=0, indices=(-2, -1, -3)) of 3
tan.(a)  # tan() of 2
tan.(a)  # tan() of number
tan.(a)  # tan() of 2x2
tanh.(a)  # tanh() of 2x2
tanh.(a)  # tanh() of 2
a .- tanh.(a)  # tanhshrink() of 2
a .- tanh.(a)  # tanhshrink() of 2x2
a .- tanh.(a)  # tanhshrink() of number
a * b  # tensordot(axes=1) of 2x2 2x2
LinearAlgebra.dot(a, b)  # tensordot(axes=1) of 3 3
repeat(a, 3, 1)  # tile(repetitions=(3, 1)) of 2x2
repeat(a, 1)  # tile(repetitions=(1,)) of 2
[a[1] b[2] b[3]; a[2] a[1] b[2]; a[3] a[2] a[1]]  # toeplitz() of 3 3
sort(a; rev=true)[1:2]  # top_k(k=2) of 2
sort(a; dims=2, rev=true)[:, 1:1]  # top_k(k=1) of 2x2
LinearAlgebra.tr(a)  # trace() of 2x2
LinearAlgebra.tril(a)  # tril() of 4x4
LinearAlgebra.tril(a, 0)  # tril_offset(k=0) of 4x4
LinearAlgebra.triu(a)  # triu() of 3x1
LinearAlgebra.triu(a, -2)  # triu_offset(k=-2) of 1x1
trunc.(a)  # trunc() of 3
trunc.(a)  # trunc() of 1x1
trunc.(a)  # trunc() of number
a[:, 1]  # unstack(axis=1, which=0) of 2x3
a[2]  # unstack(axis=-1, which=-1) of 2
a .^ reshape(Int[3, 2, 1, 0], 1, 4)  # vander(columns=4, increasing=False) of 3
Statistics.var(a; dims=1, corrected=true)  # var(axis=0, correction=1, keepdims=True) of 2x2
Statistics.var(a; corrected=false)  # var(axis=0, correction=0, keepdims=False) of 1
LinearAlgebra.dot(a, b)  # vecdot() of 2 2
dropdims(sum(a .* b; dims=2); dims=2)  # vecdot() of 2x2 2x2
LinearAlgebra.norm(a)  # vector_norm(axis=None) of 1
sqrt.(dropdims(sum(abs2, a; dims=2); dims=2))  # vector_norm(axis=1) of 3x3
[LinearAlgebra.norm(a, 1.5)]  # vector_norm_ord(axis=0, keepdims=True, ord=1.5) of 2
LinearAlgebra.norm(a, -Inf)  # vector_norm_ord(axis=None, keepdims=False, ord='-inf') of 2x2
ifelse.(a, b, c)  # where() of 2x3 2x3 2x3
ifelse.(a, b, c)  # where() of number number 1
ifelse.(a, b, c)  # where() of 3 3 1
LogExpFunctions.xlog1py.(a, ifelse.((a .== 0) .& (b .< (-1)), one.(b), b))  # xlog1py() of 4 4
LogExpFunctions.xlog1py.(a, ifelse.((a .== 0) .& (b .< (-1)), one.(b), b))  # xlog1py() of 2x2 2x2
LogExpFunctions.xlogy.(a, ifelse.((a .== 0) .& (b .< 0), one.(b), b))  # xlogy() of 3x3 3x3
LogExpFunctions.xlogy.(a, ifelse.((a .== 0) .& (b .< 0), one.(b), b))  # xlogy() of 2 2
LogExpFunctions.xlogy.(a, ifelse.((a .== 0) .& (b .< 0), one.(b), b))  # xlogy() of number number
SpecialFunctions.zeta.(2, a)  # zeta(s=2) of 2x2
SpecialFunctions.zeta.(2, a)  # zeta(s=2) of 2
