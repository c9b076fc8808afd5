# What the three commands of the sandbox have in common; read by them with `.`, with root set to the router's directory.

# record appends the command line to tmp/commands.log.
record() {
	mkdir -p "$root/tmp"
	echo "$*" >>"$root/tmp/commands.log"
}

# boot does to the directory what a boot does to a router: new boot id, uptime from the start, nothing uncommitted.
boot() {
	id=$root/proc/sys/kernel/random/boot_id
	mkdir -p "${id%/*}"
	cat /proc/sys/kernel/random/uuid >"$id.new" && mv "$id.new" "$id"
	echo '31.07 52.64' >"$root/proc/uptime"
	rm -rf "$root/tmp/.uci" "$root/var/run/uci"
}

# restore puts etc back to what the firmware ships, as an overlay that was wiped does.
restore() {
	rm -rf "$root/etc/cwmpd" "$root/etc/config"
	cp -R "$root/rom/etc/." "$root/etc/"
}
