/** What `hikyaku serve` prints as long as nobody owns the installation. */

export function ownerWanted(link: string): string {
  return `Nobody owns this installation yet. Become its owner by this link, which works once within a day:
まだ管理者がいません。次のリンク（24時間以内、1回限り）から登録してください。
  ${link}
`
}
