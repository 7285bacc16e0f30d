// Messages of a catalog as texts in the language of the page. Pure.
//
// A message is in ICU's form, as far as it is needed: {name} stands for a value, and
// {count, plural, one {# job} other {# jobs}} for the form that the language has for so many.

const PLACE = /\{(\w+)(?:, plural,((?: (?:zero|one|two|few|many|other) \{[^{}]*\})+))?\}/g;
const FORM = /(\w+) \{([^{}]*)\}/g;

/** The language of the page, as its document says (BCP 47). */
const shown = () => globalThis.document?.documentElement.lang || "en";

/** What turns the direction of a text, and letters that are read from the right. */
const TURNS = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;
const FROM_THE_RIGHT = /[\p{Script=Hebrew}\p{Script=Arabic}\p{Script=Syriac}\p{Script=Thaana}\p{Script=Nko}]/u;

/** A value as it stands in a sentence: it turns nothing of it. */
function asPart(value) {
  const text = String(value).replace(TURNS, "");
  return FROM_THE_RIGHT.test(text) ? `\u2068${text}\u2069` : text;
}

function formOf(forms, count, language) {
  const byName = Object.fromEntries([...forms.matchAll(FORM)].map(([, name, text]) => [name, text]));
  const text = byName[new Intl.PluralRules(language).select(count)] ?? byName.other;
  return text.replaceAll("#", new Intl.NumberFormat(undefined).format(count));
}

/** `languages` is {language: {key: message}}. Returns t(key, values), which throws for a key that there is not. */
export function translator(languages) {
  const language = shown() in languages ? shown() : "en";
  const messages = languages[language];
  return (key, values = {}) => {
    const message = messages[key] ?? languages.en[key];
    if (message === undefined) throw new Error(`There is no text ${key}.`);
    return message.replace(PLACE, (_, name, forms) => (forms ? formOf(forms, values[name], language) : asPart(values[name])));
  };
}
