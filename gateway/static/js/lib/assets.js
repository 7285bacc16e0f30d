// Addresses of our files: beside this script, whatever version the address holds.

const root = new URL("../../", import.meta.url).pathname;

export const asset = (path) => root + path;
