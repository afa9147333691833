-- An Application Load Balancer's decisions, made inside HAProxy. docs/dataplane.md says what is modelled.
--
-- The command `balancer load FILE` on the administration socket replaces the table that the decisions are
-- made from: { rules = { ... }, groups = { ... } }, a Lua value. Requests under way keep what was decided.

local current = { rules = {}, groups = {} }
local turns = {}

-- Patterns of AWS: `*` is any text, `?` one character.
local function pattern(text)
  local escaped = text:gsub("[%^%$%(%)%%%.%[%]%+%-]", "%%%0")
  return "^" .. escaped:gsub("%*", ".*"):gsub("%?", ".") .. "$"
end

local function any(patterns, text)
  for _, wanted in ipairs(patterns) do
    if text:find(pattern(wanted)) then return true end
  end
  return false
end

local function lower(values)
  local lowered = {}
  for index, value in ipairs(values) do lowered[index] = value:lower() end
  return lowered
end

-- All values of a header; HAProxy counts them from 0.
local function values_of(headers, name)
  local found = {}
  for _, value in pairs(headers[name:lower()] or {}) do found[#found + 1] = value end
  return found
end

local function holds(condition, headers, path)
  if condition.field == "path-pattern" then return any(condition.values, path) end
  local name = condition.field == "host-header" and "host" or condition.name
  for _, value in ipairs(values_of(headers, name)) do
    if condition.field == "host-header" then value = value:gsub(":%d+$", "") end
    if any(lower(condition.values), value:lower()) then return true end
  end
  return false
end

local function applies(rule, headers, path)
  for _, condition in ipairs(rule.conditions) do
    if not holds(condition, headers, path) then return false end
  end
  return true
end

local function cookies_of(headers)
  local found = {}
  for _, line in ipairs(values_of(headers, "cookie")) do
    for name, value in line:gmatch("([^=;%s]+)=([^;]*)") do found[name] = value end
  end
  return found
end

-- What a cookie of ours says, unless it has expired.
local function remembered(cookie)
  local name, expiry = (cookie or ""):match("^(.+)~(%d+)$")
  return name and core.now().sec < tonumber(expiry) and name or nil
end

local function cookie(name, value, seconds)
  return string.format("%s=%s~%d; Path=/", name, value, core.now().sec + seconds)
end

-- A group's cookie goes before the weights, weight 0 included. A group that is in the rule no longer is forgotten.
local function pick_group(rule, held)
  local total = 0
  for _, group in ipairs(rule.groups) do
    if rule.sticky > 0 and group.name == held then return group.name end
    total = total + group.weight
  end
  if #rule.groups == 1 then return rule.groups[1].name end
  if total == 0 then return nil end
  local ticket = math.random(total)
  for _, group in ipairs(rule.groups) do
    ticket = ticket - group.weight
    if ticket <= 0 then return group.name end
  end
end

-- The healthy ones take turns; without any, all that are registered do.
local function pick_target(name, group, held)
  local open = #group.healthy > 0 and group.healthy or group.other
  if #open == 0 then return nil end
  for _, target in ipairs(open) do
    if group.sticky > 0 and target == held then return target end
  end
  turns[name] = (turns[name] or 0) + 1
  return open[turns[name] % #open + 1]
end

local function refuse(txn, status, why)
  txn:done(txn:reply { status = status, headers = { ["x-balancer"] = { why }, ["content-length"] = { "0" } } })
end

local function route(txn)
  local headers, path = txn.http:req_get_headers(), txn.sf:path()
  for _, rule in ipairs(current.rules) do
    if applies(rule, headers, path) then
      if rule.status then return refuse(txn, rule.status, "fixed response") end
      local cookies = cookies_of(headers)
      local name = pick_group(rule, remembered(cookies.AWSALBTG))
      if not name then return refuse(txn, 503, "no group has a weight") end
      local group = current.groups[name] or { healthy = {}, other = {}, sticky = 0 }
      local target = pick_target(name, group, remembered(cookies.AWSALB))
      if not target then return refuse(txn, 503, "no target in " .. name) end
      txn:set_var("txn.group", name)
      txn:set_var("txn.server", target)
      if rule.sticky > 0 then txn:set_var("txn.group_cookie", cookie("AWSALBTG", name, rule.sticky)) end
      if group.sticky > 0 then txn:set_var("txn.target_cookie", cookie("AWSALB", target, group.sticky)) end
      return
    end
  end
  refuse(txn, 503, "no listener yet")
end

core.register_action("route", { "http-req" }, route)

core.register_cli({ "balancer", "load" }, "balancer load FILE: decide by this table from now on", function(applet, ...)
  local words = { ... }
  local read, failure = loadfile(words[3], "t", {})
  if not read then
    applet:send("failed: " .. failure .. "\n")
    return
  end
  current = read()
  applet:send("loaded\n")
end)

math.randomseed(core.now().sec * 1000000 + core.now().usec)
