-- May one request go out now? Windows, cooldowns, breaker and pause of one webhook, in one round-trip.
-- KEYS: 1 log of the webhook's requests, 2 its state, 3 log of the provider's requests, 4 the provider's state.
--   A log is a sorted set: ticket -> when its request was over; one still under way stands at its deadline.
-- ARGV: 1 what to do, 2 ticket, then as below. Times are microseconds of Redis' own clock.
local what, ticket = ARGV[1], ARGV[2]
local t = redis.call('TIME')
local now = t[1] * 1000000 + t[2]
local STATE_LIFE_MS = 86400000
local UNDER_WAY_US = 500000

local function text(number)
  return string.format('%.0f', number)
end

local function end_probe()
  if redis.call('HGET', KEYS[2], 'probe') == ticket then
    redis.call('HDEL', KEYS[2], 'probe', 'probe_until')
  end
end

if what == 'release' then
  redis.call('ZREM', KEYS[1], ticket)
  redis.call('ZREM', KEYS[3], ticket)
  end_probe()
  return {1, '0', ''}
end

if what == 'seed' then
  -- ARGV: 3 longest window, then how long ago each request was that stands on record.
  for i = 4, #ARGV do
    redis.call('ZADD', KEYS[1], text(now - tonumber(ARGV[i])), 'seed:' .. i)
  end
  redis.call('PEXPIRE', KEYS[1], text(tonumber(ARGV[3]) / 1000 + 1000))
  redis.call('HSET', KEYS[2], 'born', text(now))
  redis.call('PEXPIRE', KEYS[2], STATE_LIFE_MS)
  return {1, '0', ''}
end

if what == 'report' then
  -- ARGV: 3 ok|failed|neutral, 4 cooldown, 5 provider-wide?, 6 failures that open the breaker, 7 its first rest, 8 its longest,
  --   9 invalid?, 10 how many invalid requests close the provider, 11 within what time
  redis.call('ZADD', KEYS[1], 'XX', text(now), ticket)
  redis.call('ZADD', KEYS[3], 'XX', text(now), ticket)
  if tonumber(ARGV[4]) > 0 then
    local key = ARGV[5] == '1' and KEYS[4] or KEYS[2]
    local till = now + tonumber(ARGV[4])
    if till > tonumber(redis.call('HGET', key, 'until') or '0') then
      redis.call('HSET', key, 'until', text(till))
      redis.call('PEXPIRE', key, STATE_LIFE_MS)
    end
  end
  if ARGV[9] == '1' then
    local since = tonumber(redis.call('HGET', KEYS[4], 'invalid_since') or '0')
    if now - since > tonumber(ARGV[11]) then
      since = now
      redis.call('HSET', KEYS[4], 'invalid_since', text(now), 'invalid', 0)
    end
    if redis.call('HINCRBY', KEYS[4], 'invalid', 1) >= tonumber(ARGV[10]) then
      local till = since + tonumber(ARGV[11])
      if till > tonumber(redis.call('HGET', KEYS[4], 'until') or '0') then
        redis.call('HSET', KEYS[4], 'until', text(till))
      end
    end
    redis.call('PEXPIRE', KEYS[4], STATE_LIFE_MS)
  end
  if ARGV[3] == 'ok' then
    redis.call('HDEL', KEYS[2], 'failures', 'trips', 'open', 'probe', 'probe_until')
  elseif ARGV[3] == 'failed' then
    local failures = redis.call('HINCRBY', KEYS[2], 'failures', 1)
    local open = tonumber(redis.call('HGET', KEYS[2], 'open') or '0')
    if failures >= tonumber(ARGV[6]) and open <= now then
      local trips = redis.call('HINCRBY', KEYS[2], 'trips', 1)
      local rest = math.min(tonumber(ARGV[7]) * 2 ^ math.min(trips - 1, 20), tonumber(ARGV[8]))
      redis.call('HSET', KEYS[2], 'open', text(now + rest))
    end
    end_probe()
    redis.call('PEXPIRE', KEYS[2], STATE_LIFE_MS)
  else
    end_probe()
  end
  return {1, '0', ''}
end

-- acquire, look. Answers -1 where Redis has forgotten the webhook, whose requests are then to be seeded. ARGV: 3 a resend?, 4 longest a request takes, 5 number of webhook windows, 6 of provider windows,
--   then limit and length of each window.
if what == 'acquire' and tonumber(ARGV[5]) > 0 and redis.call('HEXISTS', KEYS[2], 'born') == 0 then
  return {-1, '0', ''}
end
local wait, reason = 0, ''
local function hold(till, why)
  local left = (tonumber(till) or 0) - now
  if left > wait then
    wait, reason = left, why
  end
end

local state = redis.call('HMGET', KEYS[2], 'until', 'open', 'probe_until')
hold(state[1], 'cooling_down')
hold(redis.call('HGET', KEYS[4], 'until'), 'cooling_down')
local half_open = false
if ARGV[3] == '0' and state[2] then
  hold(state[2], 'breaker_open')
  hold(state[3], 'breaker_open')
  half_open = true
end

local function windows(log, first, count)
  local longest = 0
  for i = 0, count - 1 do
    local limit, length = tonumber(ARGV[first + 2 * i]), tonumber(ARGV[first + 2 * i + 1])
    longest = math.max(longest, length)
    -- The limit-th youngest request must have left the window before another may enter it.
    local edge = redis.call('ZREVRANGE', log, limit - 1, limit - 1, 'WITHSCORES')[2]
    if edge and tonumber(edge) > now then
      hold(now + UNDER_WAY_US, 'limited')
    elseif edge then
      hold(tonumber(edge) + length, 'limited')
    end
  end
  return longest
end
local own = windows(KEYS[1], 7, tonumber(ARGV[5]))
local all = windows(KEYS[3], 7 + 2 * tonumber(ARGV[5]), tonumber(ARGV[6]))
if wait > 0 then
  return {0, text(wait), reason}
end
if what == 'look' then
  return {1, '0', ''}
end

local deadline = tonumber(ARGV[4])
local function enter(log, longest)
  if longest > 0 then
    redis.call('ZREMRANGEBYSCORE', log, '-inf', text(now - longest))
    redis.call('ZADD', log, text(now + deadline), ticket)
    redis.call('PEXPIRE', log, text((longest + deadline) / 1000 + 1000))
  end
end
enter(KEYS[1], own)
enter(KEYS[3], all)
if half_open then
  redis.call('HSET', KEYS[2], 'probe', ticket, 'probe_until', text(now + deadline))
end
return {1, '0', half_open and 'probe' or ''}
