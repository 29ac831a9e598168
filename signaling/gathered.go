package signaling

import (
	"maps"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// generation names the candidates of one transport for one pair of
// credentials.
type generation struct {
	transport TransportID
	ufrag     string
}

// gathering is what has been gathered for a generation.
type gathering struct {
	candidates []string
	ended      bool
}

// maxGathered bounds the candidates of a generation. They are added for as long as the
// host goes from network to network, or a TURN server forgets its allocations; the
// oldest, which are the likeliest to be gone, make room.
const maxGathered = 128

// Section says which section of a description something belongs to: the mid,
// "" if the peer's offer had none, and the index of the m-line.
type Section struct {
	Mid   string
	Index uint16
}

// AddLocalCandidate adds a gathered candidate to the local descriptions of its
// generation, and returns the sections that it belongs to there. There is none
// if no description mentions the generation any more.
//
// webrtc-pc §4.8.2.1 (surface the candidate): "If
// connection.[[PendingLocalDescription]] is not null, and represents the ICE
// generation for which candidate was gathered, add candidate to
// connection.[[PendingLocalDescription]].sdp", and likewise for the current
// one.
func (m *Machine) AddLocalCandidate(t TransportID, ufrag, candidate string) []Section {
	value, err := candidateValue(candidate)
	if err != nil || value == "" {
		return nil
	}
	key := generation{t, ufrag}
	if slices.Contains(m.n.gathered[key].candidates, value) {
		return nil // found again, after a rollback, and the peer has it
	}
	return m.gather(key, func(g *gathering) {
		kept := g.candidates[max(0, len(g.candidates)-maxGathered+1):]
		g.candidates = append(slices.Clone(kept), value)
	})
}

// EndOfLocalCandidates says that a generation has no more candidates, which
// its descriptions then say too (RFC 8840 §8.2). It returns the same sections
// as AddLocalCandidate.
func (m *Machine) EndOfLocalCandidates(t TransportID, ufrag string) []Section {
	key := generation{t, ufrag}
	if m.n.gathered[key].ended {
		return nil
	}
	return m.gather(key, func(g *gathering) { g.ended = true })
}

func (m *Machine) gather(key generation, change func(*gathering)) []Section {
	n := m.n.clone()
	sections := n.sectionsOf(key)
	if len(sections) == 0 {
		return nil
	}
	g := n.gathered[key]
	change(&g)
	n.gathered[key] = g
	m.n = n
	return sections
}

// sectionsOf returns the sections of the newest local description that carry a
// generation, else of the current one.
func (n *negotiation) sectionsOf(key generation) []Section {
	for _, d := range []*description{n.pendingLocal, n.currentLocal} {
		if i := d.carries(key); i >= 0 {
			return []Section{{Mid: d.Media[i].Mid, Index: uint16(i)}}
		}
	}
	return nil
}

// carries returns the index of the section that a generation's candidates
// stand in, or -1.
func (d *description) carries(key generation) int {
	if d == nil {
		return -1
	}
	i := carrier(d.rows, d.content, key.transport)
	if i < 0 || d.credentials(i).Ufrag != key.ufrag {
		return -1
	}
	return i
}

// forgetGathered drops the candidates of generations that no local description
// mentions, and drafts for transports that never came to be.
func (n *negotiation) forgetGathered() {
	inUse := transports(n.lines)
	maps.DeleteFunc(n.drafts, func(t TransportID, _ ICEParameters) bool {
		return t < n.nextTransport && !slices.Contains(inUse, t)
	})
	maps.DeleteFunc(n.gathered, func(key generation, _ gathering) bool {
		return n.pendingLocal.carries(key) < 0 && n.currentLocal.carries(key) < 0
	})
}

// defaultCandidate returns the address and port for the c= and m= lines.
// RFC 8839 §4.2.1.2 recommends relayed candidates first, then server reflexive
// ones, then host ones; RFC 9429 §5.1.2 wants one that the peer can read, so
// that names of mDNS and TCP candidates do not count. Within a type IPv4 comes
// first, for peers without ICE.
func defaultCandidate(candidates []string) (address string, port uint16, ok bool) {
	best := 0
	for _, c := range candidates {
		fields := strings.Fields(c)
		if len(fields) < 8 || fields[1] != "1" || !strings.EqualFold(fields[2], "udp") {
			continue
		}
		ip, err := netip.ParseAddr(fields[4])
		if err != nil {
			continue
		}
		number, err := strconv.ParseUint(fields[5], 10, 16)
		if err != nil || number == 0 {
			continue
		}
		rank := 2 * (1 + slices.Index([]string{"host", "srflx", "relay"}, fields[7]))
		if ip.Is4() {
			rank++
		}
		if rank > best {
			best, address, port, ok = rank, fields[4], uint16(number), true
		}
	}
	return address, port, ok
}
