package mux

import "net"

// members are the connections that share a socket, and the username fragments by
// which peers name them. The mutex of whoever has them guards them.
type members[C comparable] struct {
	closed bool
	ufrags map[C][]string // of each member, the oldest first
	named  map[string]C
}

func newMembers[C comparable]() members[C] {
	return members[C]{ufrags: map[C][]string{}, named: map[string]C{}}
}

// join adds a connection; false says that the socket is closed.
func (m *members[C]) join(c C) bool {
	if !m.closed {
		m.ufrags[c] = nil
	}
	return !m.closed
}

func (m *members[C]) has(c C) bool {
	_, ok := m.ufrags[c]
	return ok
}

// name implements Conn's AddUfrag.
func (m *members[C]) name(c C, ufrag string) error {
	if !m.has(c) {
		return net.ErrClosed
	}
	if other, taken := m.named[ufrag]; taken {
		if other != c {
			return &UfragError{ufrag}
		}
		return nil
	}
	own := m.ufrags[c]
	if len(own) >= maxUfrags {
		delete(m.named, own[0])
		own = own[1:]
	}
	m.named[ufrag] = c
	m.ufrags[c] = append(own, ufrag)
	return nil
}

// leave takes a connection and its names away.
func (m *members[C]) leave(c C) {
	for _, u := range m.ufrags[c] {
		delete(m.named, u)
	}
	delete(m.ufrags, c)
}

// close takes all connections away and lets no more join. It returns them, and
// whether it was the first to do so.
func (m *members[C]) close() (all []C, first bool) {
	first = !m.closed
	for c := range m.ufrags {
		all = append(all, c)
	}
	m.closed = true
	clear(m.ufrags)
	clear(m.named)
	return all, first
}
