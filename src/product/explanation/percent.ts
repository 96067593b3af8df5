/** A share in words: `0.25 %`, `12 %`. */

export function percent(share: number): string {
  const hundredths = share * 100
  return `${hundredths < 10 ? Number(hundredths.toPrecision(2)) : Math.round(hundredths)} %`
}
