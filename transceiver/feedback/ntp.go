package feedback

import "time"

// ntpEpoch is how many seconds NTP's epoch, 1900, lies before Unix's.
const ntpEpoch = 2208988800

// NTP returns t as NTP writes it (RFC 3550 §4): seconds since 1900 in the upper
// 32 bits, their fraction in the lower. It wraps in 2036.
func NTP(t time.Time) uint64 {
	seconds := uint64(t.Unix()+ntpEpoch) << 32
	return seconds | uint64(t.Nanosecond())<<32/uint64(time.Second)
}

// MiddleNTP returns the middle 32 bits of [NTP], in units of 1/65536 s: what
// reports call LSR and LRR, and RFC 8888 its report timestamp.
func MiddleNTP(t time.Time) uint32 { return uint32(NTP(t) >> 16) }

// Time returns the instant that ntp stands for, which is taken to lie in the
// era of 1968 to 2104 (RFC 4330 §3): the seconds' highest bit tells on which
// side of 2036.
func Time(ntp uint64) time.Time {
	seconds := int64(ntp >> 32)
	if seconds < 1<<31 {
		seconds += 1 << 32
	}
	fraction := (ntp&0xFFFFFFFF)*uint64(time.Second) + 1<<31
	return time.Unix(seconds-ntpEpoch, int64(fraction>>32))
}

// Delay returns d in units of 1/65536 s, as DLSR and DLRR are written: 0 for
// negative ones, and what fits at most for longer ones than about 18 hours.
func Delay(d time.Duration) uint32 {
	if d <= 0 {
		return 0
	}
	if d >= 1<<16*time.Second {
		return 1<<32 - 1
	}
	return uint32(uint64(d) << 16 / uint64(time.Second))
}

// RTT returns the round-trip time by RFC 3550 §6.4.1: from now, the time that
// the report names (LSR or LRR) and how long the peer held it (DLSR or DLRR).
// It reports false if the peer had nothing to refer to, which it says by a zero
// for last. Clock jitter can make the result negative: it is 0 then.
func RTT(now time.Time, last, delay uint32) (time.Duration, bool) {
	if last == 0 {
		return 0, false
	}
	units := int32(MiddleNTP(now) - last - delay)
	if units < 0 {
		units = 0
	}
	return time.Duration(units) * time.Second >> 16, true
}
