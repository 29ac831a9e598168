package signaling

// Pack has the machine hold what it agreed on last as text alone, without what it had
// made of it: a description of video takes several times the room of its text. It
// changes nothing else. The next call that needs the content makes it again, so Pack
// is for a connection on which nothing has been negotiated for a while. Outside of
// stable it does nothing.
func (m *Machine) Pack() {
	if m.n.state != Stable || m.n.packed {
		return
	}
	n := *m.n // nothing that it shares with the other is changed
	n.currentLocal, n.currentRemote = n.currentLocal.pack(), n.currentRemote.pack()
	n.packed = true
	m.n = &n
}

// Packed says whether the machine is as Pack leaves it.
func (m *Machine) Packed() bool { return m.n.packed }

// whole returns the negotiation with the content of its descriptions.
func (n *negotiation) whole() *negotiation {
	if !n.packed {
		return n
	}
	c := *n
	c.currentLocal, c.currentRemote = n.currentLocal.unpack(), n.currentRemote.unpack()
	c.packed = false
	return &c
}

func (d *description) pack() *description {
	if d == nil {
		return nil
	}
	c := *d
	c.content = nil
	return &c
}

func (d *description) unpack() *description {
	if d == nil {
		return nil
	}
	c := *d
	c.content, _ = parse(d.text) // it was read from the same text before
	return &c
}
