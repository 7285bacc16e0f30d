// Our document in the form of OpenAPI 3.0. Swagger UI takes five times as long to read one of 3.1,
// and shows what may be null as a choice of two. What clients read stays as it is.

const isNull = (schema) => schema?.type === "null";

function withoutNull(schema, name) {
  const { [name]: choices, ...rest } = schema;
  const others = choices.filter((one) => !isNull(one));
  if (others.length === choices.length) return schema;
  const nullable = { ...rest, nullable: true };
  if (others.length > 1) return { ...nullable, [name]: others };
  // What stands beside a reference is not read.
  return others[0].$ref ? { ...nullable, allOf: others } : { ...others[0], ...nullable };
}

function withOneType({ type, ...rest }) {
  const types = type.filter((one) => one !== "null");
  const nullable = type.includes("null") ? { nullable: true } : {};
  const known = types.length > 1 ? { anyOf: types.map((one) => ({ type: one })) } : { type: types[0] };
  return { ...rest, ...nullable, ...known };
}

function withFlag(schema, exclusive, bound) {
  return { ...schema, [bound]: schema[exclusive], [exclusive]: true };
}

/** Return a schema as 3.0 has it; what is inside it is so already. */
function olderSchema(schema) {
  let told = schema;
  if (Array.isArray(told.type)) told = withOneType(told);
  for (const name of ["anyOf", "oneOf"]) if (Array.isArray(told[name])) told = withoutNull(told, name);
  if (typeof told.exclusiveMinimum === "number") told = withFlag(told, "exclusiveMinimum", "minimum");
  if (typeof told.exclusiveMaximum === "number") told = withFlag(told, "exclusiveMaximum", "maximum");
  if (typeof told.const === "string") {
    const { const: value, ...rest } = told;
    told = { ...rest, enum: [value] };
  }
  if (typeof told.$ref === "string" && Object.keys(told).length > 1) {
    const { $ref, ...rest } = told;
    told = { ...rest, allOf: [{ $ref }] };
  }
  return told;
}

function walk(value) {
  if (Array.isArray(value)) return value.map(walk);
  if (value === null || typeof value !== "object") return value;
  const parts = Object.entries(value).map(([name, part]) => [
    name,
    // An example is what somebody sends, whatever its names.
    name === "example" || name === "examples" ? part : walk(part),
  ]);
  return olderSchema(Object.fromEntries(parts));
}

/** Return the document as one of OpenAPI 3.0. */
export function older(document) {
  return { ...walk(document), openapi: "3.0.3" };
}
