/** All results of an expression, or its error, as text that both Luas write the same way. */
export const EVALUATE = `
local function show(v, depth)
  if type(v) == 'string' then return string.format('%q', v) end
  if type(v) == 'table' and (depth or 0) < 4 then
    local parts = {}
    for k, x in pairs(v) do parts[#parts + 1] = '[' .. show(k, 9) .. ']=' .. show(x, (depth or 0) + 1) end
    table.sort(parts)
    return '{' .. table.concat(parts, ',') .. '}'
  end
  if type(v) == 'number' or v == nil or type(v) == 'boolean' then return tostring(v) end
  return type(v)
end
local function results(...)
  local parts = {}
  for i = 1, select('#', ...) do parts[i] = show((select(i, ...))) end
  return table.concat(parts, ' ')
end
local function evaluate(expression)
  local run, message = loadstring('return ' .. expression, '=case')
  if not run then return 'does not compile: ' .. message end
  return results(pcall(run))
end
`;
