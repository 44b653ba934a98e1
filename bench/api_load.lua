-- What wrk sends: the questions of a file, from `first` on, each with the tag that is known of it, if any.
--
--   wrk … -s bench/api_load.lua URL -- FILE FIRST ORDER
--
-- ORDER is `once` (in the order of the file, each a single time) or `again` (drawn by chance, seeded).

local questions = {}
local position, order

function init(arguments)
    for line in io.lines(arguments[1]) do
        local target, tag = line:match("^([^\t]+)\t?(.*)$")
        local headers = tag ~= "" and { ["If-None-Match"] = tag } or nil
        questions[#questions + 1] = wrk.format("GET", target, headers)
    end
    position = tonumber(arguments[2])
    order = arguments[3]
    math.randomseed(7)
end

function request()
    if order == "again" then
        return questions[math.random(#questions)]
    end
    position = position + 1
    -- Behind the last one there is nothing that was not asked before: an answer 404 is counted as an error.
    return questions[position] or wrk.format("GET", "/no-more-questions")
end

function done(summary, latency)
    local errors = summary.errors
    io.write(string.format(
        'RESULT {"requests": %d, "us": %d, "p50": %d, "p90": %d, "p99": %d, "most": %d, "bytes": %d, "errors": %d}\n',
        summary.requests, summary.duration, latency:percentile(50), latency:percentile(90),
        latency:percentile(99), latency.max, summary.bytes,
        errors.connect + errors.read + errors.write + errors.timeout + errors.status))
end
