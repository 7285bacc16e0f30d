// Texts of what all pages share, in English.

export default {
  "api.theServerAnswered": "The server answered {status}.",
  "api.theServerCannotBe": "The server cannot be reached.",

  "button.copy": "Copy",
  "button.copied": "Copied",

  "clipboard.copyingIsRefused": "The browser refused to copy. Select the text and copy it by hand.",

  "days.today": "Today",
  "days.yesterday": "Yesterday",
  "days.last7Days": "Last 7 days",

  "dialog.discardWhatYouWrote": "Discard what you wrote?",
  "dialog.itIsNotSaved": "It is not saved yet.",
  "dialog.discard": "Discard",
  "dialog.keepWriting": "Keep writing",
  "dialog.close": "Close",
  "dialog.cancel": "Cancel",

  "form.hereAgain": "What you wrote before is here again.",
  "form.hereAgainNoSecrets": "What you wrote before is here again, but for passwords and keys.",
  "form.startOver": "Start over",

  "format.milliseconds": "{ms} ms",
  "format.seconds": "{seconds} s",
  "format.minutes": "{minutes} min {seconds} s",
  "format.hours": "{hours} h {minutes} min",

  "signIn.noCookies": "The key is right, but this browser keeps no cookies for this address: allow them and sign in again. (If ReplyTo is told to be at https://…, open it there.)",
  "signIn.thisKeyMayNot": "This key has no access to this page.",
  "signIn.signIn": "Sign in",
  "signIn.apiKey": "API key",
  "signIn.signingIn": "Signing in …",
  "signIn.youAreSignedIn": "You are signed in as {owner}, which has no access to this page.",
  "signIn.myUsageAndLimits": "My usage and limits",

  "states.loading": "Loading …",
  "states.notUpToDate": "Not up to date: {message}",
  "states.theServerCannotBe": "The server cannot be reached",
  "states.thatDidNotWork": "That did not work",
  "states.tryAgain": "Try again",

  "themeButton.dark": "Change to dark",
  "themeButton.light": "Change to light",

  "toast.undo": "Undo"
};
