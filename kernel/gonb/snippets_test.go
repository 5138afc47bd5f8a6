package gonb_test

import "strings"

// examples are programs as a textbook has them. Each blank line is a place to cut, as in all of them each statement is one.
func examples() []snippet {
	var list []snippet
	for _, text := range []string{
		`words1 := strings.Fields("the cat and the dog and the bird")
counts1 := map[string]int{}
for _, w := range words1 { counts1[w]++ }
keys1 := slices.Sorted(maps.Keys(counts1))
for _, k := range keys1 { print(k, counts1[k]) }`,
		`matrix2 := [][]float64{{1, 2}, {3, 4}}
row2 := matrix2[0]
row2[1] = 9
transposed2 := [2][2]float64{}
for i := range 2 { for j := range 2 { transposed2[j][i] = matrix2[i][j] } }
print(matrix2, transposed2)`,
		`var head3 *node
for i := range 4 { head3 = &node{value: i, next: head3} }
var reversed3 *node
for at := head3; at != nil; { at.next, reversed3, at = reversed3, at, at.next }
print(reversed3.value, reversed3.sum(), head3.sum())`,
		`shapes4 := []shape{square{2}, &circle{1}}
shapes4 = append(shapes4, square{3})
round4 := shapes4[1].(*circle)
round4.radius = 2
total4 := 0.0
for _, s := range shapes4 { total4 += s.area() }
print(total4, round4 == shapes4[1])`,
		`memo5 := map[int]int{0: 0, 1: 1}
for i := 2; i < 30; i++ { memo5[i] = memo5[i-1] + memo5[i-2] }
print(memo5[29], len(memo5))`,
		`start6 := time.Date(2024, 2, 29, 12, 0, 0, 0, time.UTC)
later6 := start6.AddDate(1, 0, 0)
gap6 := later6.Sub(start6)
print(later6.Format(time.RFC3339), gap6, start6.Before(later6))`,
		`big7 := big.NewInt(1)
for i := int64(1); i <= 30; i++ { big7.Mul(big7, big.NewInt(i)) }
copy7 := big7
copy7.Add(copy7, big.NewInt(1))
print(big7, copy7 == big7)`,
		`var text8 strings.Builder
text8.WriteString("one ")
text8.WriteString("two")
parts8 := strings.Split(text8.String(), " ")
parts8[0], parts8[1] = parts8[1], parts8[0]
print(strings.Join(parts8, "-"), len(text8.String()))`,
		`err9 := fmt.Errorf("open %s: %w", "file", os.ErrNotExist)
is9 := errors.Is(err9, os.ErrNotExist)
var errs9 []error
errs9 = append(errs9, err9, io.EOF, errors.New("own"))
joined9 := errors.Join(errs9...)
print(is9, errors.Is(joined9, io.EOF), joined9)`,
		`img10 := image.NewRGBA(image.Rect(0, 0, 4, 4))
sub10 := img10.SubImage(image.Rect(1, 1, 3, 3)).(*image.RGBA)
sub10.Set(1, 1, color.White)
var any10 image.Image = img10
print(img10.At(1, 1), any10.Bounds(), any10 == img10)`,
		`type pair11 struct { key string; value int }
pairs11 := []pair11{{"b", 2}, {"a", 1}}
last11 := &pairs11[1]
slices.SortFunc(pairs11, func(a, b pair11) int { return strings.Compare(a.key, b.key) })
last11.value = 7
print(pairs11, *last11)`,
		`x12 := 1
p12 := &x12
pp12 := &p12
y12 := 2
*pp12 = &y12
*p12 = 5
print(x12, y12, **pp12, p12 == &y12)`,
		`queue13 := []int{1, 2, 3}
queue13 = append(queue13[1:], queue13[0])
room13 := queue13[:2]
room13 = append(room13, 99)
print(queue13, room13, cap(room13) == cap(queue13))`,
		`visited14 := map[*node]bool{}
n14 := &node{value: 1}
n14.next = n14
visited14[n14] = true
print(visited14[n14], visited14[n14.next], len(visited14))`,
		`const limit15 = 3
var sum15 int
for i := 0; i < limit15; i++ { sum15 += i }
func triple15(x int) int { return 3 * x }
print(sum15, triple15(sum15))`,
		`nan16 := math.NaN()
m16 := map[float64]int{nan16: 1, 2: 2}
inf16 := math.Inf(-1)
print(len(m16), m16[2], inf16, nan16 == nan16)`,
	} {
		p := snippet{}
		for _, line := range strings.Split(text, "\n") {
			p.statements = append(p.statements, line)
			p.names = append(p.names, declaredBy(line)...)
		}
		list = append(list, p)
	}
	return list
}

// declaredBy are the variables that a line of these examples declares.
func declaredBy(line string) []string {
	if rest, ok := strings.CutPrefix(line, "var "); ok {
		name, _, _ := strings.Cut(rest, " ")
		return []string{name}
	}
	if left, _, ok := strings.Cut(line, " := "); ok && !strings.HasPrefix(line, "for ") {
		return strings.Split(left, ", ")
	}
	return nil
}
