-- leave(args: worker) -> requests left
-- Gives back what the worker has in hand. The last one out of a finished crawl drops its queue.
part_from(ARGV[1], false)
look_around()
if redis.call("HEXISTS", CONTROL, "finished") == 1 and redis.call("ZCARD", WORKERS) == 0 then drop_queue() end
return redis.call("HLEN", REQUESTS)
