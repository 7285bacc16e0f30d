// The page of the API reads our document as one of OpenAPI 3.0.

import assert from "node:assert/strict";
import { test } from "node:test";
import { older } from "../../../../../gateway/static/js/docs/older.js";

const schema = (told) => older({ openapi: "3.1.0", components: { schemas: { One: told } } }).components.schemas.One;
const REF = { $ref: "#/components/schemas/Other" };
const NONE = { type: "null" };

test("what may be null says so", () => {
  const text = { type: "string", maxLength: 5 };
  assert.deepEqual(schema({ anyOf: [text, NONE], title: "It" }), { ...text, title: "It", nullable: true });
  assert.deepEqual(schema({ anyOf: [REF, NONE], description: "It" }), { description: "It", nullable: true, allOf: [REF] });
  assert.deepEqual(schema({ oneOf: [text, REF, NONE] }), { nullable: true, oneOf: [text, REF] });
  assert.deepEqual(schema({ type: ["string", "null"] }), { type: "string", nullable: true });
  assert.deepEqual(schema({ type: ["string", "integer"] }), { anyOf: [{ type: "string" }, { type: "integer" }] });
});

test("bounds, constants and what stands beside a reference are told in its way", () => {
  assert.deepEqual(schema({ type: "number", exclusiveMinimum: 0 }), { type: "number", minimum: 0, exclusiveMinimum: true });
  assert.deepEqual(schema({ const: "csv" }), { enum: ["csv"] });
  assert.deepEqual(schema({ ...REF, description: "It" }), { description: "It", allOf: [REF] });
  assert.deepEqual(schema(REF), REF);
});

test("fields of these names, examples and the rest stay as they are", () => {
  const fields = { type: "object", properties: { type: { type: "string" }, const: { type: "string" } } };
  assert.deepEqual(schema(fields), fields);
  const example = { example: { type: ["a", "null"], anyOf: [NONE] } };
  assert.deepEqual(schema(example), example);
  assert.equal(older({ openapi: "3.1.0", paths: {} }).openapi, "3.0.3");
});
