// Package pion is github.com/pion/webrtc as a peer.Library. Below its imports
// peer.go is the same text as that of package parley; only.go holds what differs.
//
// A goroutine per sender reads its RTCP and ends with it; one per channel of a
// library that was made fast reads its messages and ends when it closes.
package pion

import "github.com/pion/webrtc/v4"

// prepareFast has channels detached: the documented way to read them without the
// library's read loop and its fresh buffer for each message.
func prepareFast(s *webrtc.SettingEngine) { s.DetachDataChannels() }

// readRTCP reads what the peer sends about a track: the library answers NACKs only
// when the program reads.
func readRTCP(s *webrtc.RTPSender) {
	go func() {
		for packet := make([]byte, 1500); ; {
			if _, _, err := s.Read(packet); err != nil {
				return
			}
		}
	}()
}

// pushPackets does nothing: the library has packets read only.
func pushPackets(*webrtc.TrackRemote, func([]byte)) bool { return false }

func pushMessages(d *webrtc.DataChannel, f func([]byte)) {
	d.OnOpen(func() {
		raw, err := d.Detach()
		if err != nil {
			return
		}
		go func() {
			for message := make([]byte, maxMessage); ; {
				n, err := raw.Read(message)
				if err != nil {
					return
				}
				f(message[:n])
			}
		}()
	})
}
