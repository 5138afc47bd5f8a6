package resample

// columns resizes the columns of an image that comes in bands.
type columns struct {
	taps
	next  int       // the first result that is not complete
	sums  [][]int32 // of results that are begun
	spare [][]int32
}

func newColumns(t taps) *columns { return &columns{taps: t, sums: make([][]int32, len(t.first))} }

// take adds a band. Results are written to what row returns for them, and told to done, from the first to the last.
func (c *columns) take(b *band, row func(i int) []uint8, done func(i int)) {
	end := b.from + b.rows
	if laned() && c.wants(b) {
		b.pairDown()
	}
	for i := c.next; i < len(c.first) && int(c.first[i]) < end; i++ {
		from, to := max(int(c.first[i]), b.from), min(c.end(i), end)
		if from >= to {
			continue
		}
		begins, ends := from == int(c.first[i]), to == c.end(i)
		if begins {
			c.sums[i] = c.room(b.width())
		}
		var out []uint8
		if ends {
			out = row(i)[:b.width()]
		}
		c.add(i, b, from, to, out)
		if !ends {
			continue
		}
		c.spare, c.sums[i] = append(c.spare, c.sums[i]), nil
		c.next = i + 1
		done(i)
	}
}

// wants tells whether rows of a band count.
func (c *columns) wants(b *band) bool {
	return c.next < len(c.first) && int(c.first[c.next]) < b.from+b.rows
}

// room is place for sums.
func (c *columns) room(width int) []int32 {
	if n := len(c.spare); n > 0 {
		sums := c.spare[n-1]
		c.spare = c.spare[:n-1]
		return sums
	}
	return make([]int32, width)
}

// add adds the rows from from to to of a band to a result, which is written to out if they are its last.
func (c *columns) add(i int, b *band, from, to int, out []uint8) {
	sums, begins := c.sums[i], from == int(c.first[i])
	if !laned() {
		c.addPlain(i, b, from, to, out)
		return
	}
	flags, target := 0, &b.down[0]
	if begins {
		flags |= sumsBegin
	}
	if out != nil {
		flags |= sumsEnd
		target = &out[0]
	}
	first, last := from/2, (to-1)/2
	stride := 2 * b.width()
	sumColumns(target, &sums[0], &b.down[(first-b.from/2)*stride], stride, last-first+1,
		&c.pairs[i*c.each+first-int(c.spans[i].first)], b.width(), flags)
}

// addPlain is add a sample at a time.
func (c *columns) addPlain(i int, b *band, from, to int, out []uint8) {
	sums := c.sums[i]
	if from == int(c.first[i]) {
		for x := range sums {
			sums[x] = 1 << (fixedBits - 1)
		}
	}
	for y, w := range c.weights(i, from)[:to-from] {
		for x, v := range b.row(from - b.from + y)[:len(sums)] {
			sums[x] += w * int32(v)
		}
	}
	for x := range out {
		out[x] = clamp(sums[x] >> fixedBits)
	}
}
