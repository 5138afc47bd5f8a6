package plain

import "strconv"

// Start loads variables and returns the function that saves them. What is lost is said on standard error.
func Start(cell Cell) (save func()) {
	p := &program{cell: cell, loaded: map[string]string{}}
	if lost := p.load(); len(lost) > 0 {
		Report(cell, lost, p.drop)
	}
	return p.save
}

// A program loads and saves the variables of a cell.
type program struct {
	cell   Cell
	loaded map[string]string // the graphs of variables, by name
	epoch  uint64
	opened bool // epoch is known
}

func (p *program) load() (lost []Loss) {
	var wanted []Variable
	for _, v := range p.cell.Variables {
		if v.Load {
			wanted = append(wanted, v)
		}
	}
	if len(wanted) == 0 {
		return nil
	}
	var m *manifest
	err := locked(p.cell.Dir, false, func() (err error) {
		m, err = readManifest(p.cell.Dir)
		return err
	})
	if isMissing(err) {
		return nil
	}
	if err != nil {
		for _, v := range wanted {
			lost = append(lost, Loss{Name: v.Name, Reason: err.Error()})
		}
		return lost
	}
	p.epoch, p.opened = m.epoch, true
	for _, v := range wanted {
		e := m.entry(v.Name)
		if e == nil {
			continue
		}
		g := m.groups[e.group]
		switch {
		case len(g.small) > 0 && set(v, g.small):
			p.loaded[v.Name] = string(g.small)
		case len(g.small) > 0:
			reason := "type " + typeOf(g.small) + " (now " + typeName(v.Pointer) + ") has changed since the value was kept; the value is dropped"
			lost = append(lost, Loss{v.Name, v.Name, reason, true})
		default: // the kernel would have seen it
			lost = append(lost, Loss{v.Name, v.Name, "another program has changed it while this one was built", false})
		}
	}
	return lost
}

func (p *program) drop(names []string) {
	err := locked(p.cell.Dir, true, func() error {
		m, err := readManifest(p.cell.Dir)
		if err != nil {
			return err
		}
		m.remove(names)
		return m.write(p.cell.Dir)
	})
	if err != nil {
		Say(err.Error())
	}
}

// changed is a variable that has to be written.
type changed struct {
	Variable
	graph string
	flat  *flatFile
}

func (p *program) save() {
	var list []changed
	for _, v := range p.cell.Variables {
		if !v.IsSaved() {
			continue
		}
		graph, flat := encode(v)
		if before, ok := p.loaded[v.Name]; !ok || before != graph {
			list = append(list, changed{v, graph, flat})
		}
	}
	if len(list) == 0 {
		return
	}
	err := locked(p.cell.Dir, true, func() error { return p.commit(list) })
	if err != nil {
		Say("the variables of the cell are not kept: keep values in " + p.cell.Dir + ": " + err.Error() + "; what was kept before stays")
	}
}

func (p *program) commit(list []changed) error {
	m, err := readManifest(p.cell.Dir)
	if err != nil {
		Say(err.Error() + "; the values in it are lost")
		m = &manifest{epoch: p.epoch}
	}
	if p.opened && m.epoch != p.epoch {
		return errorText("kept values were removed while this program ran")
	}
	var names []string
	for _, v := range list {
		names = append(names, v.Name)
	}
	m.remove(names)
	for _, v := range list {
		g := group{size: int64(len(v.graph) + checksumBytes), small: []byte(v.graph)}
		if v.flat != nil {
			g.files = append(g.files, fileRef{v.flat.name, int64(len(v.flat.data))})
		}
		if !m.hasRoom(g.small) {
			g.graph, g.small = newName(v.Name), nil
		}
		if need := m.bytes() + g.bytes(); need > p.cell.Quota {
			if !v.Initialized {
				Say(v.Name + " is not kept: " + v.Name + ": kept values would take " + strconv.FormatInt(need, 10) + " bytes, and " +
					strconv.FormatInt(p.cell.Quota, 10) + " bytes may be kept: remove some, or keep less")
			}
			continue
		}
		if v.flat != nil {
			err = v.flat.write(p.cell.Dir)
		}
		if err == nil && g.graph != "" {
			err = create(p.cell.Dir+"/"+g.graph+graphEnding, withChecksum([]byte(v.graph)))
		}
		if err != nil {
			Say(v.Name + " is not kept: " + v.Name + ": " + err.Error())
			err = nil
			continue
		}
		m.groups = append(m.groups, g)
		m.entries = append(m.entries, entry{name: v.Name, typ: v.Type, rest: describe(v.Variable), group: len(m.groups) - 1})
	}
	return m.write(p.cell.Dir)
}
