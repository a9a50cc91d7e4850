import { expect, test } from "vitest";
import { formatGeneral } from "../../src/support/general-format.ts";

test.each<[number, number, string]>([
  [0, 14, "0"],
  [-0, 14, "-0"],
  [42, 14, "42"],
  [-1.5, 14, "-1.5"],
  [0.1, 14, "0.1"],
  [0.1, 1, "0.1"],
  [1 / 3, 14, "0.33333333333333"],
  [2 / 3, 5, "0.66667"],
  [1e13, 14, "10000000000000"],
  [1e14, 14, "1e+14"],
  [123456.789, 3, "1.23e+05"],
  [0.0001, 14, "0.0001"],
  [0.00001, 14, "1e-05"],
  [1.7976931348623157e308, 14, "1.7976931348623e+308"],
  [5e-324, 14, "4.9406564584125e-324"],
  [99999.5, 5, "1e+05"],
])("%d with %d digits is %s", (value, precision, text) => {
  expect(formatGeneral(value, precision)).toBe(text);
});

test.each<[number, number, string]>([
  [2.5, 1, "2"],
  [3.5, 1, "4"],
  [9.5, 1, "1e+01"],
  [85, 1, "8e+01"],
  [95, 1, "1e+02"],
  [0.125, 2, "0.12"],
  [1234567890122.5, 13, "1234567890122"],
  [100000000000005, 14, "1e+14"],
  [100000000000015, 14, "1.0000000000002e+14"],
  [4.76837158203125e-7, 14, "4.7683715820312e-07"],
])("a half goes to the even digit: %d with %d digits is %s", (value, precision, text) => {
  expect(formatGeneral(value, precision)).toBe(text);
});
