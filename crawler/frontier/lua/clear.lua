-- clear(args: epoch, the ledger's names…) -> {"none" | "running" | "cleared", requests left, in hand, workers, revisits waiting}
-- Drops all that is known of the crawl `epoch`, unless somebody is at it; the seeds of other programs stay.
if redis.call("HGET", CONTROL, "epoch") ~= ARGV[1] then return told("none") end
look_around()
local answer = told("cleared")
if #answer[4] > 0 then
  answer[1] = "running"
  return answer
end
drop_queue()
local ledger = { CONTROL, WORKERS, DEAD }
for index = 2, #ARGV do ledger[#ledger + 1] = crawl .. ARGV[index] end
drop_keys(ledger)
return answer
