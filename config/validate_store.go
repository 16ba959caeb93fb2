package config

// shareNoStore checks whether there are answers for everybody to share.
func (v *validator) shareNoStore(route string, r *Route) {
	if !r.ShareNoStore || !v.sound(route+".share") || r.Share.ServesAnybody() {
		return
	}
	v.wrong(route+".share_no_store", "does not go with share: %s, where answers are for those who have credentials; remove it", r.Share)
}
