export { decodeData, decodeLetter, encodeData, encodeLetter, faultText, press } from './form-letter.ts'
export type { Addressee, FormLetter, Press, RecipientData } from './form-letter.ts'
export { TEMPLATE_LIMITS, compileTemplate } from './template.ts'
export type {
  Filled,
  Template,
  TemplateFault,
  TemplateResult,
  TemplateSource,
  Variables,
} from './template.ts'
export { openTemplates, TemplateError, TEMPLATES } from './templates.ts'
export type {
  KeptTemplate,
  NamedTemplate,
  TemplateContent,
  TemplateErrorCode,
  Templates,
  TemplateVersion,
} from './templates.ts'
