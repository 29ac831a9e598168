package webrtc

import "time"

// defaultMaxMessageSize is the size in bytes of the largest message that is
// received unless the program says otherwise: what Chromium announces, too, so
// that nobody's programs are used to more.
const defaultMaxMessageSize = 256 << 10

// SetSCTPMaxMessageSize sets the size in bytes of the largest message that is
// received, which the local description announces (RFC 8841 §6); 0 means the
// default of 256 KiB. The receive buffer grows to twice the size at least.
func (e *SettingEngine) SetSCTPMaxMessageSize(maxMessageSize uint32) {
	e.sctp.MaxMessageSize = maxMessageSize
}

// SetSCTPMaxReceiveBufferSize sets the receive window of an association in
// bytes: the memory that a peer may fill while the program does not read, and
// with the round-trip time the bound of its rate. 0 means the default of 4 MiB.
func (e *SettingEngine) SetSCTPMaxReceiveBufferSize(maxReceiveBufferSize uint32) {
	e.sctp.ReceiveBuffer = maxReceiveBufferSize
}

// SetSCTPRTOMax bounds the retransmission timeout, and with it the time in which
// an association carries on when the path has come back (RFC 9260 §6.3.1); 0
// means the default of 3 seconds.
func (e *SettingEngine) SetSCTPRTOMax(rtoMax time.Duration) { e.sctp.RTOMax = rtoMax }

// EnableSCTPZeroChecksum says whether to leave out, if the peer agrees, the
// checksum that DTLS makes superfluous (RFC 9653). By default it is there.
func (e *SettingEngine) EnableSCTPZeroChecksum(isEnabled bool) { e.sctp.ZeroChecksum = isEnabled }

// EnableSctpSnap says whether descriptions have the INIT chunk of the association
// (a=sctp-init of draft-hancke-tsvwg-snap-00). With a peer that has it too, data
// channels are open as soon as DTLS is, one or two round trips earlier; with others
// the association begins by its handshake. By default it is on.
func (e *SettingEngine) EnableSctpSnap(isEnabled bool) { e.sctpWithoutSnap = !isEnabled }

// sctpMaxMessageSize returns what the local description announces.
func (e *SettingEngine) sctpMaxMessageSize() uint32 {
	if e.sctp.MaxMessageSize == 0 {
		return defaultMaxMessageSize
	}
	return e.sctp.MaxMessageSize
}

// SetSCTPMinCwnd sets a floor in bytes under the congestion window of an
// association; 0 means the engine's own (RFC 9260 §7.2). A high one keeps the
// rate up where packets are lost for other reasons than congestion, and is
// unfair to others where they are not.
func (e *SettingEngine) SetSCTPMinCwnd(minCwnd uint32) { e.sctp.MinCwnd = minCwnd }

// SetSCTPFastRtxWnd bounds the bytes that one fast retransmission sends; 0 means
// one packet (RFC 9260 §7.2.4).
func (e *SettingEngine) SetSCTPFastRtxWnd(fastRtxWnd uint32) { e.sctp.FastRtxWnd = fastRtxWnd }

// SetSCTPCwndCAStep sets by how many bytes the congestion window grows in a round
// trip of congestion avoidance; 0 means one packet (RFC 9260 §7.2.2).
func (e *SettingEngine) SetSCTPCwndCAStep(cwndCAStep uint32) { e.sctp.CwndCAStep = cwndCAStep }
