// Components without a build step: Preact, with markup in tagged templates.
//
// Text in templates is text: markup in it is shown, never run. Nothing here sets innerHTML.

import { Component, Fragment, createContext, h, render } from "../../vendor/preact.js";
import htm from "../../vendor/htm.js";

export const html = htm.bind(h);
export { Component, Fragment, createContext, render };
export {
  useCallback,
  useContext,
  useEffect,
  useLayoutEffect,
  useMemo,
  useReducer,
  useRef,
  useState,
} from "../../vendor/preact-hooks.js";
