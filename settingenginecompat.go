package webrtc

import (
	"net"
	"net/netip"
)

// SetRemoteIPFilter sets a function that says whether an address of the peer's
// may be used; nil means every one. What it refuses is neither checked nor
// answered, whether it was signaled as a candidate or seen as the source of a
// check. It runs for each check that arrives and must not block.
func (e *SettingEngine) SetRemoteIPFilter(filter func(net.IP) (keep bool)) {
	e.remoteFilter = nil
	if filter != nil {
		e.remoteFilter = func(a netip.Addr) bool { return filter(a.Unmap().WithZone("").AsSlice()) }
	}
}

// allowsRemote says whether an address of the peer's may be used.
func (e *SettingEngine) allowsRemote(a netip.Addr) bool {
	return e.remoteFilter == nil || !a.IsValid() || e.remoteFilter(a)
}

// DisableCloseByDTLS says what happens when the peer ends the DTLS association,
// as its Close does. With true, and by default, the DTLSTransport and the data
// channels close and the connection stays, as W3C has it (webrtc-pc §5.5):
// renegotiation may give it another association. With false the connection
// closes itself, as Close would.
func (e *SettingEngine) DisableCloseByDTLS(isEnabled bool) { e.closeByDTLS = !isEnabled }

// EnableDataChannelBlockWrite is there for programs that call it and does
// nothing: writes to a detached channel always wait while much is queued, unless
// a write deadline ends them. DataChannel.Send never waits.
func (e *SettingEngine) EnableDataChannelBlockWrite(_ bool) {}

// SetSDPMediaLevelFingerprints is there for programs that call it and does
// nothing: descriptions have the fingerprints in each media section, which every
// peer understands (RFC 8122 §5).
func (e *SettingEngine) SetSDPMediaLevelFingerprints(_ bool) {}

// DisableActiveTCP is there for programs that call it and does nothing: active TCP
// candidates are gathered only where SetNetworkTypes names TCP, and always then.
func (e *SettingEngine) DisableActiveTCP(_ bool) {}
