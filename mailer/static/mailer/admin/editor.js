// The rich text editor of a campaign's message. Without it, or where a layout takes code, the textarea stays one.
import {
  Blockquote, Bold, BulletList, Document, Dropcursor, Gapcursor, HardBreak, Heading, History, HorizontalRule, Image, Italic,
  Link, ListItem, Menu, OrderedList, Paragraph, Strike, Table, TableCell, TableHeader, TableRow, Text, Underline,
  createTextareaEditor,
} from "django-prose-editor/editor";

const EXTENSIONS = [
  Document, Paragraph, Text, HardBreak, Bold, Italic, Underline, Strike, Heading.configure({ levels: [1, 2, 3] }), BulletList,
  OrderedList, ListItem, Blockquote, HorizontalRule, Table, TableRow, TableHeader, TableCell, History, Dropcursor, Gapcursor, Menu,
  Link.configure({ enableTarget: false, autolink: false, protocols: ["https", "http", "mailto", "tel"] }),
  Image.configure({ allowBase64: false }),
];

const LONGEST = { html: 1_000_000, text: 200_000 }; // characters, as rendering takes them

const words = (body) => body.textContent.replace(/\s+/g, "");
const count = (body, selector) => body.querySelectorAll(selector).length;

// What the editor would lose of HTML that was written elsewhere. Nothing is lost before somebody types.
function losses(before, after) {
  const [was, is] = [before, after].map((html) => new DOMParser().parseFromString(html, "text/html").body);
  const lost = [];
  if (words(was) !== words(is)) lost.push("some words");
  if (count(was, "img") > count(is, "img")) lost.push("pictures");
  if (count(was, "a[href]") > count(is, "a[href]")) lost.push("links");
  if (count(was, "[style], [class], [bgcolor], font, style") > 0) lost.push("colours and sizes of its own");
  return lost;
}

class Body {
  constructor(textarea) {
    this.textarea = textarea;
    this.layout = document.querySelector("[name=layout]");
    this.editor = null;
    this.wantsCode = false;
    this.bar = document.createElement("div");
    this.bar.className = "c-editor-bar";
    this.note = document.createElement("p");
    this.note.className = "c-editor-note";
    this.note.setAttribute("role", "status");
    textarea.after(this.bar, this.note);
    this.toggle = this.button("", () => {
      this.wantsCode = !this.wantsCode;
      this.show();
    });
    this.field("First name", '{{ first_name|default:"friend" }}');
    this.field("Last name", '{{ last_name|default:"" }}');
    this.layout?.addEventListener("change", () => this.show());
    textarea.form.addEventListener("submit", (event) => this.assertShort(event));
    document.addEventListener("candor:image", (event) => this.picture(event));
    this.show();
  }

  button(label, act) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "c-button c-button--small";
    button.textContent = label;
    button.addEventListener("click", act);
    this.bar.append(button);
    return button;
  }

  field(label, written) {
    this.button(`Insert ${label.toLowerCase()}`, () => {
      if (this.editor) return void this.editor.chain().focus().insertContent({ type: "text", text: written }).run();
      const { selectionStart: from, selectionEnd: to } = this.textarea;
      this.textarea.setRangeText(written, from, to, "end");
      this.textarea.dispatchEvent(new Event("input", { bubbles: true }));
      this.textarea.focus();
    });
  }

  picture(event) {
    if (!this.editor) return;
    event.preventDefault();
    const { src, alt, width, height } = event.detail;
    this.editor.chain().focus().setImage({ src, alt, width, height }).run();
  }

  // What is too long for the server never leaves, so that it is still here.
  assertShort(event) {
    for (const [name, most] of Object.entries(LONGEST)) {
      const length = event.target.elements[name]?.value.length ?? 0;
      if (length <= most) continue;
      event.preventDefault();
      this.note.textContent = `The message has ${length.toLocaleString("en")} characters; ${most.toLocaleString("en")} is the most. Shorten it, and upload pictures instead of pasting them in. Nothing was sent or lost.`;
      this.note.scrollIntoView({ block: "center" });
      return;
    }
  }

  get takesCode() {
    return !this.layout || ["", "mjml"].includes(this.layout.value);
  }

  show() {
    const rich = !this.takesCode && !this.wantsCode;
    if (rich && !this.editor) this.open();
    if (!rich && this.editor) this.close();
    this.toggle.hidden = this.takesCode;
    this.toggle.textContent = rich ? "Edit as HTML" : "Back to the editor";
    if (!rich) this.note.textContent = "";
  }

  open() {
    this.editor = createTextareaEditor(this.textarea, EXTENSIONS);
    this.editor.view.dom.setAttribute("aria-label", "Message");
    this.textarea.closest(".prose-editor").after(this.bar, this.note);
    const lost = losses(this.textarea.value, this.editor.getHTML());
    this.note.textContent = lost.length
      ? `The editor can’t show all of this message (${lost.join(", ")}). It is kept whole until you type here; to keep it, edit it as HTML.`
      : "";
  }

  close() {
    this.editor.destroy();
    this.editor = null;
    this.textarea.after(this.bar, this.note);
  }
}

const SHOWN = [
  "csrfmiddlewaretoken", "sender", "preheader", "layout", "html", "text", "kind", "advertisers", "is_explicit",
];

// How the draft looks while it is written: posted to a page of its own, which shows it as a stranger's document.
class Preview {
  constructor(frame) {
    this.source = document.querySelector("#campaign_form") || document.querySelector("form [name=html]").form;
    this.form = document.createElement("form");
    Object.assign(this.form, { method: "post", action: frame.dataset.draft, target: frame.name, hidden: true });
    document.body.append(this.form);
    frame.closest("section").hidden = false;
    this.source.addEventListener("input", () => this.soon());
    this.source.addEventListener("change", () => this.soon());
    this.show();
  }

  soon() {
    clearTimeout(this.waiting);
    this.waiting = setTimeout(() => this.show(), 900);
  }

  show() {
    const said = new FormData(this.source);
    this.form.replaceChildren(
      ...SHOWN.map((name) => {
        const field = document.createElement("textarea");
        Object.assign(field, { name, value: said.get(name) || "" });
        return field;
      }),
    );
    this.form.submit();
    this.form.replaceChildren(); // the page has each field once, for whoever looks for it by name
  }
}

document.querySelectorAll("textarea[data-editor]").forEach((textarea) => new Body(textarea));
document.querySelectorAll("iframe[data-draft]").forEach((frame) => new Preview(frame));
