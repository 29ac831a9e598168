package signaling

import "slices"

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
	n := m.n
	if n.state != Stable {
		return false
	}
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
	// Here the steps for each transceiver follow.
	return false
}

func (n *negotiation) negotiatedData() bool {
	return n.currentLocal != nil && slices.ContainsFunc(n.currentLocal.Media, isData)
}
