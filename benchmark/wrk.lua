-- Prints a line for report.py: requests, duration (µs), p50 and p99 (µs), and failures: responses that are neither 2xx
-- nor 3xx, and sockets that failed or timed out.
function done(summary, latency)
    local errors = summary.errors
    local failed = errors.status + errors.connect + errors.read + errors.write + errors.timeout
    io.write(string.format("RESULT %d %d %d %d %d\n",
        summary.requests, summary.duration, latency:percentile(50), latency:percentile(99), failed))
end
