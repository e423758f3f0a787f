-- learn(args: epoch, period, readings, closes "1"|"0", then for each group: its name, what is known of it ("" to forget it)) -> 1 where it was noted, else 0
-- Notes what is known of groups from so many readings of a period of the crawl `epoch`, unless it was noted from more. Where it closes the
-- period, the next one begins, with no reading. Repeated, it changes nothing.
local epoch, period, readings, closes = ARGV[1], ARGV[2], tonumber(ARGV[3]), ARGV[4] == "1"
local control = redis.call("HMGET", CONTROL, "epoch", "fill_period", "fill_learnt")
if control[1] ~= epoch or (control[2] or "0") ~= period or readings < (tonumber(control[3]) or 0) then return 0 end
for index = 5, #ARGV, 2 do
  if ARGV[index + 1] == "" then
    redis.call("HDEL", crawl .. "profile", ARGV[index])
  else
    redis.call("HSET", crawl .. "profile", ARGV[index], ARGV[index + 1])
  end
end
if closes then
  redis.call("UNLINK", crawl .. "fill")
  redis.call("HINCRBY", CONTROL, "fill_period", 1)
  redis.call("HSET", CONTROL, "fill_ms", string.format("%.3f", now), "fill_learnt", 0)
else
  redis.call("HSET", CONTROL, "fill_learnt", readings)
end
return 1
