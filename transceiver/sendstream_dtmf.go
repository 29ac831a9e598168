package transceiver

import (
	"time"

	"github.com/parleyrtc/webrtc/internal/srtptransport"
	"github.com/parleyrtc/webrtc/transceiver/rtpheader"
)

// CanInsertDTMF reports whether the peer takes telephone events and the stream is
// active (webrtc-pc §7.2).
func (st *SendStream) CanInsertDTMF() bool {
	st.mu.Lock()
	defer st.mu.Unlock()
	_, ok := st.toneFormat()
	return ok && !st.closed && st.cfg.Active
}

// toneFormat returns the format of telephone events. RFC 4733 §2.1: they use the
// timestamps of the audio, so one with its clock rate is preferred.
func (st *SendStream) toneFormat() (sendFormat, bool) {
	var found sendFormat
	ok := false
	clock := st.numbers.clock
	if clock == 0 && len(st.formats) > 0 {
		clock = st.formats[0].clock
	}
	for _, f := range st.formats {
		if f.tones && (!ok || f.clock == clock && found.clock != clock) {
			found, ok = f, true
		}
	}
	return found, ok
}

// InsertDTMF plays tones: 0 to 9, A to D in either case, *, # and the comma, which
// is a pause of two seconds. They replace those that have not begun; "" cancels
// them. duration is that of a tone, 40 ms to 6 s, gap the silence between tones,
// 30 ms to 6 s; what lies outside is brought inside, 0 stands for 100 and 70 ms
// (webrtc-pc §7.2). The tones are sent by the session's HandleTimeout.
//
// The error is ErrTones, ErrStreamClosed, or ErrNoTones.
func (st *SendStream) InsertDTMF(now time.Time, tones string, duration, gap time.Duration) error {
	if err := st.insertTones(now, tones, duration, gap); err != nil {
		return err
	}
	st.out.plays(st)
	return nil
}

func (st *SendStream) insertTones(now time.Time, tones string, duration, gap time.Duration) error {
	st.mu.Lock()
	defer st.mu.Unlock()
	if st.closed {
		return ErrStreamClosed
	}
	f, ok := st.toneFormat()
	if !ok || !st.cfg.Active {
		return ErrNoTones
	}
	return st.tones.insert(now, tones, duration, gap, f.clock)
}

// ToneBuffer returns the tones that have not begun.
func (st *SendStream) ToneBuffer() string {
	st.mu.Lock()
	defer st.mu.Unlock()
	return st.tones.buffer
}

// nextTone returns when playTones is to be called, the zero time for never.
func (st *SendStream) nextTone() time.Time {
	st.mu.Lock()
	defer st.mu.Unlock()
	return st.tones.next()
}

// playTones sends the packets that are due and tells of tones that begin.
func (st *SendStream) playTones(now time.Time) {
	for {
		o, ok := st.playTone(now)
		if !ok {
			return
		}
		switch {
		case !o.change:
			st.out.armReports(now, false)
		case st.events.OnToneChange != nil:
			st.events.OnToneChange(o.tone)
		}
	}
}

func (st *SendStream) playTone(now time.Time) (toneOutput, bool) {
	st.mu.Lock()
	defer st.mu.Unlock()
	f, ok := st.toneFormat()
	if !ok || !st.cfg.Active {
		// webrtc-pc §7.2: the playout is aborted once the direction has no sending.
		st.tones.stop()
		return toneOutput{}, false
	}
	o, ok := st.tones.handle(now)
	if ok && !o.change {
		if sealer := st.out.sealer.Load(); sealer != nil {
			st.sendTone(now, sealer, f, o.packet)
		}
	}
	return o, ok
}

// sendTone sends a packet of an event among those of the source. RFC 4733 §2.2.1:
// all packets of an event, or of a segment, have the timestamp of its beginning.
func (st *SendStream) sendTone(now time.Time, sealer *srtptransport.Sealer, f sendFormat, e toneEvent) {
	clock := st.numbers.clock
	if clock == 0 {
		clock = f.clock
	}
	if e.begins {
		st.toneTime = st.numbers.rtpTime(now, 0)
	}
	timestamp := st.toneTime + e.segment
	st.continueSource(sealer)
	number := st.numbers.insert(now, uint16(st.out.s.cfg.Rand())&firstSequence, timestamp, clock)
	st.fields = rtpheader.Fields{
		Marker: e.marker, PayloadType: f.payloadType, SequenceNumber: uint16(number), Timestamp: timestamp,
		SSRC: st.cfg.SSRC, Elements: st.fields.Elements,
	}
	st.passed = st.passed[:0]
	payload := e.payload()
	_, _ = st.transmit(now, sealer, number, f, payload[:], nil, 0)
	_ = st.out.flush(&st.burst) // nobody is there to hear what the path says
}
