-- bereave(args: worker…) -> number of them that were counted among the living
-- Takes back at once what workers have in hand that are known to have died.
local buried = 0
for _, worker in ipairs(ARGV) do
  if redis.call("ZSCORE", WORKERS, worker) then
    part_from(worker, true)
    buried = buried + 1
  end
end
if buried > 0 then look_around() end
return buried
