package signaling

import (
	"fmt"
	"slices"
	"strings"

	"github.com/parleyrtc/webrtc/internal/rtcerr"
)

// maxCandidates bounds the candidates kept for one section, so that a peer
// cannot make a description grow without end.
const maxCandidates = 1000

// Candidate is what AddRemoteCandidate takes (webrtc-pc §4.8.1,
// RTCIceCandidateInit). Nil fields are absent ones.
type Candidate struct {
	// Candidate is the candidate attribute, or its value, or "" for the end of
	// candidates.
	Candidate  string
	Mid        *string
	MLineIndex *uint16
	Ufrag      *string
}

// delivery says which remote candidates of its generation a transport has.
type delivery struct {
	candidates []string
	ended      bool
}

// AddRemoteCandidate adds a candidate of the peer's to the remote description
// (webrtc-pc §4.4.2, addIceCandidate). If its generation is in use already, the
// effects hand it to the transport, else it waits for the answer.
//
// It fails with a TypeError if neither mid nor index say where it belongs, an
// InvalidStateError without a remote description, and an OperationError for a
// section or ufrag that is not there and for text that is no candidate. One for
// a rejected section is ignored.
func (m *Machine) AddRemoteCandidate(c Candidate) (Effects, error) {
	n := m.n.clone()
	effects, err := n.addRemoteCandidate(c)
	if err != nil {
		return nil, err
	}
	m.n = n
	return effects, nil
}

func (n *negotiation) addRemoteCandidate(c Candidate) (Effects, error) {
	refuse := func(format string, arguments ...any) (Effects, error) {
		return nil, &rtcerr.OperationError{Err: fmt.Errorf(format, arguments...)}
	}
	// "If candidate.candidate is not an empty string and both candidate.sdpMid and
	// candidate.sdpMLineIndex are null, return a promise rejected with a newly
	// created TypeError."
	if c.Candidate != "" && c.Mid == nil && c.MLineIndex == nil {
		return nil, &rtcerr.TypeError{Err: fmt.Errorf("a candidate needs an sdpMid or an sdpMLineIndex")}
	}
	if n.state == Closed {
		return nil, n.wrongState("add a candidate")
	}
	// "If remoteDescription is null return a promise rejected with a newly created
	// InvalidStateError."
	newest := n.remoteDescription()
	if newest == nil {
		return nil, &rtcerr.InvalidStateError{Err: rtcerr.Because(rtcerr.ErrNoRemoteDescription, fmt.Errorf("cannot add a candidate without a remote description"))}
	}
	value, err := candidateValue(c.Candidate)
	if err != nil {
		return nil, err
	}
	sections, err := newest.sectionsOf(c)
	if err != nil {
		return nil, err
	}
	// "If candidate.usernameFragment is not null, and is not equal to any username
	// fragment present in the corresponding media description of an applied remote
	// description, return a promise rejected with a newly created OperationError."
	if c.Ufrag != nil && !slices.ContainsFunc(sections, func(i int) bool { return n.knowsUfrag(i, *c.Ufrag) }) {
		return refuse("no remote description has the ufrag %q for this candidate", *c.Ufrag)
	}
	for _, i := range sections {
		// "Use candidate.usernameFragment to identify the ICE generation; if
		// usernameFragment is null, process the candidate for the most recent ICE
		// generation." The candidate itself can name its ufrag too (RFC 8839 §5.1);
		// one of a generation that is over is then dropped.
		ufrag := newest.credentials(i).Ufrag
		if c.Ufrag != nil {
			ufrag = *c.Ufrag
		} else if named := extension(value, "ufrag"); named != "" {
			ufrag = named
		}
		for _, d := range []*description{n.pendingRemote, n.currentRemote} {
			if d != nil && i < len(d.added) && len(d.added[i]) >= maxCandidates && value != "" {
				return refuse("section %d has %d candidates already", i, maxCandidates)
			}
		}
		n.addTo(i, ufrag, value)
	}
	return n.deliverAll(), nil
}

// sectionsOf returns the indexes of the sections that a candidate is for.
func (d *description) sectionsOf(c Candidate) ([]int, error) {
	count := len(d.Media)
	switch {
	case c.Mid != nil && (*c.Mid != "" || c.MLineIndex == nil):
		// "If candidate.sdpMid is not equal to the mid of any media description in
		// remoteDescription, return a promise rejected with a newly created
		// OperationError." Peers that do not fill it in send "" with the index.
		if _, i := d.MediaByMid(*c.Mid); i >= 0 {
			return []int{i}, nil
		}
		return nil, &rtcerr.OperationError{Err: fmt.Errorf("the remote description has no section with mid %q", *c.Mid)}
	case c.MLineIndex != nil:
		// "If candidate.sdpMLineIndex is equal to or larger than the number of media
		// descriptions in remoteDescription", the same.
		if i := int(*c.MLineIndex); i < count {
			return []int{i}, nil
		}
		return nil, &rtcerr.OperationError{Err: fmt.Errorf("the remote description has %d sections, none at index %d", count, *c.MLineIndex)}
	}
	// "If both candidate.sdpMid and candidate.sdpMLineIndex are null, then this
	// end-of-candidates indication applies to all media descriptions."
	all := make([]int, count)
	for i := range all {
		all[i] = i
	}
	return all, nil
}

// knowsUfrag says whether a remote description has the ufrag for section i.
func (n *negotiation) knowsUfrag(i int, ufrag string) bool {
	for _, d := range []*description{n.pendingRemote, n.currentRemote} {
		if d != nil && i < len(d.Media) && d.credentials(i).Ufrag == ufrag {
			return true
		}
	}
	return false
}

// addTo adds a candidate to the remote descriptions of its generation.
//
// "If connection.[[PendingRemoteDescription]] is not null, and represents the
// ICE generation for which candidate was processed, add candidate to
// connection.[[PendingRemoteDescription]].sdp", and likewise for the current
// one.
func (n *negotiation) addTo(i int, ufrag, value string) {
	for _, slot := range []**description{&n.pendingRemote, &n.currentRemote} {
		d := *slot
		if d != nil && i < len(d.Media) && !unusable(d.Media[i]) && d.credentials(i).Ufrag == ufrag {
			*slot = d.withCandidate(i, value)
		}
	}
}

// deliverAll hands over what the transports do not have yet.
func (n *negotiation) deliverAll() Effects {
	var effects Effects
	for _, t := range n.plan.ids() {
		effects = append(effects, n.deliver(t)...)
	}
	return effects
}

// deliver hands to a transport those candidates of the peer's generation in
// use that it does not have yet.
func (n *negotiation) deliver(t TransportID) Effects {
	use := n.plan.transports[t].remote
	if use == nil {
		return nil
	}
	var effects Effects
	have := n.delivered[t]
	for _, d := range []*description{n.currentRemote, n.pendingRemote} {
		if d == nil {
			continue
		}
		candidates, ended := d.generation(t, use.parameters)
		for _, c := range candidates {
			if len(have.candidates) >= maxCandidates {
				break
			}
			if !slices.Contains(have.candidates, c) {
				have.candidates = append(have.candidates, c)
				effects = append(effects, RemoteCandidate{Transport: t, Candidate: c})
			}
		}
		if ended && !have.ended {
			have.ended = true
			effects = append(effects, RemoteEndOfCandidates{Transport: t})
		}
	}
	n.delivered[t] = have
	return effects
}

// generation returns the peer's candidates for a transport, if the description
// is of the generation that has the credentials.
func (d *description) generation(t TransportID, p ICEParameters) ([]string, bool) {
	i := carrier(d.rows, d.content, t)
	if i < 0 || d.credentials(i) != p {
		return nil, false
	}
	candidates, ended := d.candidates(i)
	if len(candidates) > 0 || ended || !d.member[i] {
		return candidates, ended
	}
	// Peers that have one transport for all that they bundle write its candidates
	// into the first section, even if that is rejected. Those of other sections
	// of the group stand in as long as the section has none itself.
	for _, j := range d.group {
		if j != i && !unusable(d.Media[j]) && d.credentials(j) == p {
			more, last := d.candidates(j)
			candidates, ended = append(candidates, more...), ended || last
		}
	}
	return candidates, ended
}

// candidateValue returns a candidate attribute's value, from the foundation on
// (RFC 8839 §5.1).
func candidateValue(text string) (string, error) {
	value := strings.TrimPrefix(strings.TrimPrefix(text, "a="), "candidate:")
	if value == "" {
		return "", nil
	}
	fields := strings.Fields(value)
	if strings.ContainsAny(value, "\r\n\x00") || len(fields) < 8 || fields[6] != "typ" {
		return "", &rtcerr.OperationError{Err: fmt.Errorf("%q is not a candidate", text)}
	}
	return strings.TrimSpace(value), nil
}

// extension returns the value of an extension attribute of a candidate.
func extension(value, name string) string {
	fields := strings.Fields(value)
	for i := 8; i+1 < len(fields); i += 2 {
		if fields[i] == name {
			return fields[i+1]
		}
	}
	return ""
}
