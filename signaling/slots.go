package signaling

import (
	"slices"
	"strings"
)

// CurrentLocal returns the local description that is in force, nil without one
// (RFC 9429 §4.1.13). As in all slots, candidates are in it as they come.
func (m *Machine) CurrentLocal() *Description { return m.Slots().CurrentLocal() }

// PendingLocal returns the local description that is being negotiated, nil
// without one (RFC 9429 §4.1.14).
func (m *Machine) PendingLocal() *Description { return m.Slots().PendingLocal() }

// CurrentRemote returns the remote description that is in force, nil without
// one (RFC 9429 §4.1.15).
func (m *Machine) CurrentRemote() *Description { return m.Slots().CurrentRemote() }

// PendingRemote returns the remote description that is being negotiated, nil
// without one (RFC 9429 §4.1.16).
func (m *Machine) PendingRemote() *Description { return m.Slots().PendingRemote() }

// Slots returns the four slots as they are now.
func (m *Machine) Slots() Slots { return Slots{m.n} }

// Slots are the four slots of descriptions (RFC 9429 §4.1.12–§4.1.15) at one
// moment. They do not change, so that any goroutine may read them. A description's
// text is put together each time that it is asked for, and held by nobody.
type Slots struct{ n *negotiation }

// InForce returns the slots without what is being negotiated, as an implicit rollback
// leaves them for a moment.
func (s Slots) InForce() Slots {
	n := *s.n
	n.pendingLocal, n.pendingRemote = nil, nil
	return Slots{&n}
}

// CurrentLocal is Machine.CurrentLocal of the moment.
func (s Slots) CurrentLocal() *Description {
	n := s.n.whole()
	return n.local(n.currentLocal)
}

// PendingLocal is Machine.PendingLocal of the moment.
func (s Slots) PendingLocal() *Description { return s.n.local(s.n.pendingLocal) }

// CurrentRemote is Machine.CurrentRemote of the moment.
func (s Slots) CurrentRemote() *Description { return s.n.whole().currentRemote.published() }

// PendingRemote is Machine.PendingRemote of the moment.
func (s Slots) PendingRemote() *Description { return s.n.pendingRemote.published() }

// HasRemote says whether there is a remote description.
func (s Slots) HasRemote() bool { return s.n.remoteDescription() != nil }

// CanTrickle says whether the peer takes trickled candidates, nil while that
// is not known (webrtc-pc §4.4.2, canTrickleIceCandidates; RFC 9429 §4.1.17).
func (m *Machine) CanTrickle() *bool {
	d := m.n.remoteDescription()
	if d == nil {
		return nil
	}
	can := d.trickles
	return &can
}

func (n *negotiation) remoteDescription() *description {
	if n.pendingRemote != nil {
		return n.pendingRemote
	}
	return n.currentRemote
}

// local returns a local description with what has been gathered.
func (n *negotiation) local(d *description) *Description {
	if d == nil {
		return nil
	}
	additions := make([]addition, len(d.Media))
	for key, g := range n.gathered {
		i := d.carries(key)
		if i < 0 {
			continue
		}
		m := d.Media[i]
		a := &additions[i]
		for _, c := range g.candidates {
			if !slices.Contains(m.Candidates, c) {
				a.candidates = append(a.candidates, c)
			}
		}
		a.ended = g.ended && !m.EndOfCandidates
		a.address, a.port, _ = defaultCandidate(slices.Concat(m.Candidates, g.candidates))
	}
	return &Description{Type: d.kind, SDP: insert(d.text, additions)}
}

// published returns a remote description with the candidates that came after
// it.
func (d *description) published() *Description {
	if d == nil {
		return nil
	}
	additions := make([]addition, len(d.Media))
	for i, m := range d.Media {
		additions[i] = addition{candidates: d.added[i], ended: d.ended[i] && !m.EndOfCandidates}
	}
	return &Description{Type: d.kind, SDP: insert(d.text, additions)}
}

// addition is what a section's text gets when its description is read.
type addition struct {
	candidates []string
	ended      bool
	// address and port are those of the default candidate, "" to leave the lines
	// as they are.
	address string
	port    uint16
}

// insert returns text with the additions at the ends of its sections. The
// rest stays byte for byte what was set, so that a program finds again what it
// wrote.
func insert(text string, additions []addition) string {
	if !slices.ContainsFunc(additions, func(a addition) bool {
		return len(a.candidates) > 0 || a.ended || a.address != ""
	}) {
		return text
	}
	end := "\n"
	if strings.Contains(text, "\r\n") {
		end = "\r\n"
	}
	var b strings.Builder
	current := -1
	finish := func() {
		if current < 0 || current >= len(additions) {
			return
		}
		for _, c := range additions[current].candidates {
			b.WriteString("a=candidate:" + c + end)
		}
		if additions[current].ended {
			b.WriteString("a=end-of-candidates" + end)
		}
	}
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\r\n")
		if strings.HasPrefix(line, "m=") {
			finish()
			current++
		}
		if current >= 0 && current < len(additions) {
			line = additions[current].replace(line)
		}
		b.WriteString(line + end)
	}
	finish()
	return b.String()
}

// replace returns a section's line with the default candidate in it (RFC 8839
// §4.2.1.2).
func (a addition) replace(line string) string {
	if a.address == "" {
		return line
	}
	switch {
	case strings.HasPrefix(line, "m="):
		fields := strings.SplitN(line, " ", 3)
		if len(fields) == 3 && fields[1] != "0" {
			return fields[0] + " " + decimal(int(a.port)) + " " + fields[2]
		}
	case strings.HasPrefix(line, "c="):
		return "c=" + connection(a.address)
	case line == "a=rtcp:"+noRTCP:
		return "a=rtcp:" + decimal(int(a.port)) + " " + connection(a.address)
	}
	return line
}

// noRTCP is the value of a=rtcp while no candidate is known (RFC 9429 §5.2.1).
const noRTCP = "9 IN IP4 0.0.0.0"

// connection writes an address as c= and a=rtcp have it.
func connection(address string) string {
	if strings.Contains(address, ":") {
		return "IN IP6 " + address
	}
	return "IN IP4 " + address
}
