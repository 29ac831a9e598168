package webrtc

import (
	"errors"
	"fmt"
	"time"

	"github.com/parleyrtc/webrtc/internal/rtcerr"
	"github.com/parleyrtc/webrtc/transceiver"
)

// A DTMFSender sends telephone tones to the peer (webrtc-pc §7, RFC 4733), in the
// stream of an audio sender, whose own packets go on meanwhile. RTPSender.DTMF
// returns it.
type DTMFSender struct {
	sender *RTPSender
	onTone handler[func(tone string)]
}

// CanInsertDTMF tells whether tones can be sent now (webrtc-pc §7.2): the
// connection is connected, audio is being sent, and the peer takes telephone
// events.
func (d *DTMFSender) CanInsertDTMF() bool {
	stream := d.stream()
	return stream != nil && d.isConnected() && stream.CanInsertDTMF()
}

// isConnected is a step of "determine if DTMF can be sent": "If the
// RTCPeerConnection's connection state is not "connected", return false."
func (d *DTMFSender) isConnected() bool {
	return d.sender.pc.ConnectionState() == PeerConnectionStateConnected
}

// InsertDTMF sends tones: 0 to 9, A to D, * and #; a comma is a pause of two
// seconds. They take the place of those that have not begun; "" cancels them.
// duration is how long each tone lasts, from 40 ms to 6 s, and interToneGap the
// silence between two, from 30 ms; what lies outside is brought inside, and 0
// stands for 100 and 70 ms (webrtc-pc §7.2).
//
// It returns an InvalidCharacterError for any other character and an
// InvalidStateError if CanInsertDTMF is false.
func (d *DTMFSender) InsertDTMF(tones string, duration, interToneGap time.Duration) error {
	stream := d.stream()
	switch {
	case stream == nil:
		return errNoTones("no audio is being sent")
	case !d.isConnected():
		return errNoTones("the connection is not connected")
	}
	err := stream.InsertDTMF(time.Now(), tones, duration, interToneGap)
	switch {
	case err == nil:
		d.sender.pc.loop.poke() // the first tone is due
		return nil
	case errors.Is(err, transceiver.ErrTones):
		return &rtcerr.InvalidCharacterError{Err: err}
	default:
		return errNoTones(err.Error())
	}
}

// ToneBuffer returns the tones that have not begun (webrtc-pc §7.2).
func (d *DTMFSender) ToneBuffer() string {
	if stream := d.stream(); stream != nil {
		return stream.ToneBuffer()
	}
	return ""
}

// OnToneChange sets the handler that is called with each tone as it begins, and
// with "" when all have been sent (webrtc-pc §7.3).
func (d *DTMFSender) OnToneChange(f func(tone string)) { d.onTone.set(f) }

func (d *DTMFSender) stream() *transceiver.SendStream {
	return d.sender.plan.Load().encodings[0].stream.Load()
}

// toneChanged hears from the loop or from a socket's goroutine.
func (d *DTMFSender) toneChanged(tone string) {
	d.sender.pc.loop.post(func(time.Time) {
		d.sender.pc.fire(func() {
			if f := d.onTone.get(); f != nil {
				f(tone)
			}
		})
	})
}

func errNoTones(why string) error {
	return &rtcerr.InvalidStateError{Err: fmt.Errorf("tones cannot be sent: %s", why)}
}
