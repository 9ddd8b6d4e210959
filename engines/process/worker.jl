# The worker for engines in Julia. `worker.py` describes the protocol, which is the same for both.
#
#     julia --project=FOLDER --startup-file=no worker.jl DESCRIPTOR
#
# It needs nothing but Julia itself. The header runs once, in a module of its own. Every request runs
# in a new module that has the header's names, so that its definitions end with it. Pieces are
# evaluated at top level, where a piece can call at once what an earlier piece defined.

# Characters that are kept of a message.
const MESSAGE_LENGTH = 2000
# NumPy's names of number types.
const DTYPES = Dict{DataType,String}(
    Float64 => "<f8",
    Float32 => "<f4",
    Int64 => "<i8",
    Int32 => "<i4",
    Bool => "|b1",
    ComplexF64 => "<c16",
    ComplexF32 => "<c8",
)

# The next request, as pairs of stage and text; nothing at the end of standard input.
function request()
    line = readline(stdin)
    isempty(line) && return nothing
    return map(split(line)) do part
        stage, size = rsplit(part, ':'; limit=2)
        (String(stage), String(read(stdin, parse(Int, size))))
    end
end

# A new module with the names of another one: modules, functions and values.
function inheriting(given::Module)
    created = Module(:Request)
    for name in names(given; all=true, imported=true)
        shown = string(name)
        (startswith(shown, '#') || name in (nameof(given), :eval, :include)) && continue
        Core.eval(created, Expr(:const, Expr(:(=), name, QuoteNode(Core.eval(given, name)))))
    end
    return created
end

# The answer as an array, and NumPy's name of its type.
function checked(value)
    if !(value isa Union{Number,AbstractArray})
        throw(ArgumentError("the answer is a $(typeof(value)), not an array"))
    end
    array = value isa Number ? fill(value) : collect(value)
    if !haskey(DTYPES, eltype(array))
        throw(ArgumentError("the answer is an array of $(eltype(array))"))
    end
    return array, DTYPES[eltype(array)]
end

# The entries of an array in row-major order.
row_major(array) = ndims(array) < 2 ? vec(array) : vec(permutedims(array, ndims(array):-1:1))

# The name of an exception's type, and its message.
function described(error)
    error isa LoadError && return described(error.error)
    name, message = string(nameof(typeof(error))), sprint(showerror, error)
    # Most messages begin with the name of the type.
    return name, startswith(message, "$name: ") ? message[(sizeof(name) + 3):end] : message
end

# Run the pieces one after the other in one module; `begun` receives the time at which each began.
# The result is the outcome, the stage, the exception type, the message and the value.
function execute(pieces, names::Module, begun)
    stage = ""
    try
        for (given, text) in pieces
            # Further calls are not made.
            given in ("elsewhere", "again") && continue
            stage = given
            push!(begun, time_ns())
            include_string(names, text, "<$stage>")
        end
        stage == "header" && return "ready", "", "", "", nothing
        return "answered", "", "", "", Base.invokelatest(checked, Core.eval(names, :got))
    catch error
        name, message = try
            Base.invokelatest(described, error)
        catch another
            "Exception", "the message cannot be read: $(typeof(another))"
        end
        message = strip(replace(message, r"0x[0-9a-f]{6,}" => "0x..."))
        return "raised", stage, name, first(message, MESSAGE_LENGTH), nothing
    end
end

function main(descriptor)
    answers = Base.fdio(descriptor, true)
    header = Module(:Header)
    while (pieces = request()) !== nothing
        begun = UInt64[]
        names = first(first(pieces)) == "header" ? header : inheriting(header)
        outcome, stage, error, message, value = execute(pieces, names, begun)
        push!(begun, time_ns())
        seconds = join(diff(begun) ./ 1e9, ',')
        dtype, shape, data = "", "", UInt8[]
        if value !== nothing
            array, dtype = value
            shape = join(size(array), ',')
            data = collect(reinterpret(UInt8, row_major(array)))
        end
        fields = (outcome, stage, error, sizeof(message), seconds, dtype, shape, length(data))
        write(answers, join(fields, '\t'), '\n', message, data)
        flush(answers)
        flush(stdout)
    end
end

main(parse(Int, ARGS[1]))
