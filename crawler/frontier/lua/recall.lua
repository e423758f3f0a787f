-- recall() -> {epoch, period, counts, what is known from before}
-- What the crawl has read by group, and what is known of them from those before it, both as fields and values of one moment; changes nothing.
local control = redis.call("HMGET", CONTROL, "epoch", "fill_period")
return { control[1] or "", control[2] or "0", redis.call("HGETALL", crawl .. "fill"), redis.call("HGETALL", crawl .. "profile") }
