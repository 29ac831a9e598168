package signaling

import (
	"slices"

	"github.com/parleyrtc/webrtc/sdp"
)

// RestartICE asks for new credentials in the next offer (webrtc-pc §4.4.2,
// restartIce). The wish stays, over rollbacks too, until they are agreed.
//
// "Empty connection.[[LocalIceCredentialsToReplace]], and populate it with all
// ICE credentials (ice-ufrag and ice-pwd ...) found in
// connection.[[CurrentLocalDescription]], as well as all ICE credentials found
// in connection.[[PendingLocalDescription]]."
func (m *Machine) RestartICE() {
	if m.n.state == Closed {
		return
	}
	n := m.n.clone()
	n.replace = n.currentLocal.allCredentials()
	for _, p := range n.pendingLocal.allCredentials() {
		if !slices.Contains(n.replace, p) {
			n.replace = append(n.replace, p)
		}
	}
	m.n = n
}

// NegotiationNeeded checks if negotiation is needed (webrtc-pc §4.7.3). It is
// false outside of stable, where the check waits until the state is stable
// again.
func (m *Machine) NegotiationNeeded(l Local) bool {
	if m.n.state != Stable {
		return false
	}
	n := m.n.whole()
	// "If connection.[[LocalIceCredentialsToReplace]] is not empty, return true."
	if len(n.replace) > 0 {
		return true
	}
	// "If connection has created any RTCDataChannels, and no m= section in
	// description has been negotiated yet for data, return true." A section that
	// was rejected has been negotiated: asking again and again would not help.
	if l.Data && !n.negotiatedData() {
		return true
	}
	// "For each transceiver in connection's set of transceivers, perform the following
	// checks".
	return slices.ContainsFunc(l.Transceivers, func(t Transceiver) bool { return n.needsNegotiation(&t) })
}

// needsNegotiation performs the checks for a transceiver.
func (n *negotiation) needsNegotiation(t *Transceiver) bool {
	// "If transceiver.[[Stopping]] is true and transceiver.[[Stopped]] is false,
	// return true." Local has none that are stopped.
	if t.Stopping {
		return true
	}
	// "If transceiver isn't stopped and isn't yet associated with an m= section in
	// description, return true."
	i := slices.IndexFunc(n.lines, func(r mline) bool { return r.transceiver == t.ID })
	if i < 0 {
		return true
	}
	// "If transceiver isn't stopped and is associated with an m= section in
	// description then perform the following checks:"
	description, want := n.currentLocal, directionOf(t)
	// "If transceiver.[[Direction]] is "sendrecv" or "sendonly", and the associated
	// m= section in description either doesn't contain a single "a=msid" line, or the
	// number of MSIDs from the "a=msid" lines in this m= section, or the MSID values
	// themselves, differ from what is in
	// transceiver.sender.[[AssociatedMediaStreamIds]], return true."
	if want.Sends() && !describesStreams(description.Media[i], t) {
		return true
	}
	is := description.direction(i)
	offered := n.currentRemote.direction(i).Reverse()
	if description.kind == Offer {
		// "If description is of type "offer", and the direction of the associated m=
		// section in neither connection.[[CurrentLocalDescription]] nor
		// connection.[[CurrentRemoteDescription]] matches transceiver.[[Direction]],
		// return true." (The remote one "must be reversed".)
		return is != want && offered != want
	}
	// "If description is of type "answer", and the direction of the associated m=
	// section in the description does not match transceiver.[[Direction]] intersected
	// with the offered direction (as described in [RFC9429] section 5.3.1), return
	// true."
	return is != want.Intersect(offered)
}

// describesStreams says whether the a=msid lines of a section name the streams of
// a transceiver, in any order.
func describesStreams(m *sdp.Media, t *Transceiver) bool {
	var has []string
	for _, id := range m.Msids {
		has = append(has, id.Stream)
	}
	want := streamIDs(t)
	slices.Sort(has)
	slices.Sort(want)
	return slices.Equal(has, want)
}

func (n *negotiation) negotiatedData() bool {
	return n.currentLocal != nil && slices.ContainsFunc(n.currentLocal.Media, isData)
}
