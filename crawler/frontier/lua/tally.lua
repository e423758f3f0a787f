-- tally(args: worker, epoch, number, most_groups, then for each group: its name, counts) -> 1 where it was counted, else 0
-- Adds what a worker has read to what the crawl `epoch` has. Counts are JSON: n, filled (by field), url ("" for none). Of new groups only so many are kept.
-- Repeated with the same number, after a lost reply, it changes nothing while the worker lives.
local worker, epoch, number, most_groups = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
local FILL = crawl .. "fill"
if redis.call("HGET", CONTROL, "epoch") ~= epoch then return 0 end
if number <= (tonumber(redis.call("HGET", BATCHES, worker .. ":tally")) or 0) then return 0 end
if redis.call("ZSCORE", WORKERS, worker) then redis.call("HSET", BATCHES, worker .. ":tally", number) end
redis.call("HSETNX", CONTROL, "fill_ms", string.format("%.3f", now))
-- What stands there, unless another version has written it otherwise: no command may fail on it half-way.
local function counts_of(stored)
  local readable, counts = pcall(cjson.decode, stored)
  if readable and type(counts) == "table" and type(counts.n) == "number" and type(counts.filled) == "table" then return counts end
  return { n = 0, filled = {}, url = "" }
end
local groups = redis.call("HLEN", FILL)
for index = 5, #ARGV, 2 do
  local name, counts = ARGV[index], cjson.decode(ARGV[index + 1])
  local stored = redis.call("HGET", FILL, name)
  if stored then
    local former = counts_of(stored)
    counts.n = counts.n + former.n
    for part, amount in pairs(former.filled) do counts.filled[part] = (counts.filled[part] or 0) + (tonumber(amount) or 0) end
    if counts.url == "" then counts.url = former.url end
  else
    groups = groups + 1
  end
  if stored or groups <= most_groups then redis.call("HSET", FILL, name, cjson.encode(counts)) end
end
return 1
