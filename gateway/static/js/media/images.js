// Pictures of a text, or of another picture.

import { html } from "../lib/html.js";
import { useBusy } from "../lib/busy.js";
import { useChosen } from "../lib/chosen.js";
import { useForm } from "../lib/form.js";
import { useStay } from "../lib/stay.js";
import { useData } from "../lib/use-data.js";
import { IconButton } from "../ui/button.js";
import { Field } from "../ui/field.js";
import { Empty, Loaded } from "../ui/states.js";
import { toastError } from "../ui/toast.js";
import { Drop, NotKept, kindOf, useObjectUrl } from "./files.js";
import { Gallery, useGallery } from "./gallery.js";
import { TAGS, modelsFor, queue } from "./jobs.js";
import { t } from "../texts/media.js";

const SIZES = ["256x256", "512x512", "1024x1024", "1024x1536", "1536x1024"];
const PICTURE = "image/png,image/jpeg,image/webp,image/gif";

export function Images() {
  const form = useForm("images", { prompt: "", model: "", size: "512x512", count: "1", input: "" });
  const input = useChosen(form, "input");
  const gallery = useGallery(TAGS.images);
  const from = useData(async () => {
    const [draw, change] = await Promise.all([modelsFor("TextToImage"), modelsFor("ImageToImage")]);
    return { draw, change };
  }, "models");
  const use = (file) => {
    input.choose(file);
    scrollTo({ top: 0, behavior: "smooth" });
  };
  return html`<${Loaded} from=${from}>${(models) => (models.draw.length ? html`<div class="columns">
    <${Prompt} models=${models} form=${form} chosen=${input} onQueued=${gallery.add} />
    <${Gallery} gallery=${gallery} onUse=${use} empty=${t("images.picturesThatYouMake")} />
  </div>` : html`<${Empty} icon="image" title=${t("images.noModelMakesPictures")}><p>${t("images.addAProviderWhose")}</p></${Empty}>`)}</${Loaded}>`;
}

function Prompt({ models, form: { values: form, set: change }, chosen, onQueued }) {
  const { file: input, choose } = chosen;
  const known = input ? models.change : models.draw;
  const [isBusy, run] = useBusy();
  const set = (name) => (event) => change({ [name]: event.target.value });
  useStay(isBusy);
  const model = known.includes(form.model) ? form.model : (known[0] ?? "");
  const send = async () => {
    const [width, height] = form.size.split("x");
    const asked = { positivePrompt: form.prompt.trim(), model, batchSize: Number(form.count), tag: TAGS.images };
    const jobId = input
      ? await queue("QueueImageToImage", asked, { image: input })
      : await queue("QueueTextToImage", { ...asked, width, height });
    onQueued({ id: jobId, model, prompt: asked.positivePrompt });
  };
  const submit = (event) => {
    event.preventDefault();
    if (form.prompt.trim()) run(send).catch(toastError);
  };
  return html`<form class="card stack" onSubmit=${submit}>
    <${Field} id="prompt" label=${t("images.prompt")}>${(at) => html`<textarea ...${at} class="textarea" rows="4" required value=${form.prompt} onInput=${set("prompt")}
        onKeyDown=${(event) => event.key === "Enter" && (event.ctrlKey || event.metaKey) && submit(event)}></textarea>`}</${Field}>
    <${Field} id="model" label=${t("images.model")}>${(at) => html`<select ...${at} class="select" value=${model} onChange=${set("model")}>
      ${known.map((one) => html`<option key=${one} value=${one}>${one}</option>`)}</select>`}</${Field}>
    <div class="pair">
      ${!input && html`<${Field} id="size" label=${t("images.size")}>${(at) => html`<select ...${at} class="select" value=${form.size} onChange=${set("size")}>
        ${SIZES.map((one) => html`<option key=${one} value=${one}>${one.replace("x", " × ")}</option>`)}</select>`}</${Field}>`}
      <${Field} id="count" label=${t("images.howMany")}>${(at) => html`<select ...${at} class="select" value=${form.count} onChange=${set("count")}>
        ${["1", "2", "3", "4"].map((one) => html`<option key=${one} value=${one}>${one}</option>`)}</select>`}</${Field}>
    </div>
    ${input ? html`<${Input} file=${input} onRemove=${() => choose(null)} /><${NotKept} chosen=${chosen} />`
      : models.change.length > 0 && html`<${Drop} label=${t("images.startFromAnImage")} hint=${t("images.orDropOneHere")} accept=${PICTURE}
          onFiles=${([file]) => (kindOf(file) === "image" ? choose(file) : toastError(new Error(t("images.thatIsNotA"))))} />`}
    <button class="button primary" aria-busy=${isBusy}>${isBusy ? t("words.sending") : input ? t("images.edit") : t("images.generate")}</button>
  </form>`;
}

function Input({ file, onRemove }) {
  const url = useObjectUrl(file);
  return html`<div class="input-picture row">${url && html`<img src=${url} alt=${t("images.theImageToStart")} />`}
    <span class="grow truncate small">${file.name}</span><${IconButton} icon="close" label=${t("images.startWithoutAnImage")} onClick=${onRemove} /></div>`;
}
