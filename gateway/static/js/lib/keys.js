// What a key means to who writes with an input method, as for Chinese, Japanese and Korean. Pure.

/** Whether the key is the input method's: Enter takes a word, Escape gives one up. Safari tells it by the code 229 alone. */
export const isComposing = (event) => event.isComposing || event.keyCode === 229;
