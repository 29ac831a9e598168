// Package parley is this library as a peer.Library. Below its imports peer.go is
// the same text as that of package pion; only.go holds what differs.
package parley

import "github.com/parleyrtc/webrtc"

// prepareFast has nothing to do: push handlers need no setting.
func prepareFast(*webrtc.SettingEngine) {}

// readRTCP has nothing to do: the library deals with RTCP whether or not the
// program reads it.
func readRTCP(*webrtc.RTPSender) {}

func pushPackets(t *webrtc.TrackRemote, f func([]byte)) bool {
	t.OnPacketPush(func(p *webrtc.InboundPacket) { f(p.Payload) })
	return true
}

func pushMessages(d *webrtc.DataChannel, f func([]byte)) {
	d.OnMessagePush(func(m webrtc.DataChannelMessage) { f(m.Data) })
}
