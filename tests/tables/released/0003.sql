BEGIN TRANSACTION;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0003');
CREATE TABLE files (
	version BIGINT NOT NULL, 
	schema_version BIGINT NOT NULL, 
	created_at TEXT NOT NULL, 
	updated_at TEXT NOT NULL, 
	unfinished TEXT, 
	worker_id TEXT, 
	lease_until TEXT, 
	file_id TEXT NOT NULL, 
	project_id TEXT NOT NULL, 
	frame_name TEXT NOT NULL, 
	status TEXT NOT NULL, 
	reason TEXT, 
	filename TEXT NOT NULL, 
	size BIGINT NOT NULL, 
	sha256 TEXT, 
	content_version BIGINT NOT NULL, 
	frame_hash TEXT, 
	frame_size BIGINT, 
	rows BIGINT, 
	columns BIGINT, 
	bad_rows TEXT, 
	dialect TEXT, 
	override TEXT, 
	newest_version BIGINT NOT NULL, 
	incoming TEXT, 
	deleted_at TEXT, 
	frame_key TEXT, 
	source TEXT NOT NULL, 
	derived_from TEXT, frame_sha256 TEXT, 
	CONSTRAINT pk_files PRIMARY KEY (file_id)
);
INSERT INTO "files" VALUES(1,1,'2100-01-02T03:04:05.678901Z','2100-01-02T03:04:05.678901Z','x','x','2100-01-02T03:04:05.678901Z','x','x','x','UPLOADING','x','x',1,'x',1,'x',1,1,1,'{"count":1,"first":[{"line":1,"text":"x","fields":1,"expected":1}]}','{"format":"csv","sheet":"x","encoding":"x","bom":true,"compression":"none","delimiter":";","quote":"\"","escape":"\"","newline":"x","skip_space":true,"comment":"x","skip_rows":1,"header_rows":1,"footer_rows":1,"total_at":1,"columns":{"x":{"decimal":"x","thousands":" ","prefix":"x","suffix":"x","negative":"-","plus":true,"indian":true,"format":"x","months":["x"],"true_word":"x","false_word":"x","null_words":["x"]}},"assumed":["x"]}','{"format":"csv","sheet":"x","encoding":"x","delimiter":";","quote":"\"","escape":"\"","comment":"x","skip_rows":1,"header_rows":1,"footer_rows":1,"decimal":".","thousands":" ","null_words":["x"],"text_columns":["x"]}',1,'{"content_version":1,"filename":"x","size":1,"sha256":"x","override":{"format":"csv","sheet":"x","encoding":"x","delimiter":";","quote":"\"","escape":"\"","comment":"x","skip_rows":1,"header_rows":1,"footer_rows":1,"decimal":".","thousands":" ","null_words":["x"],"text_columns":["x"]},"source":"x","derived_from":"x","attempts":1}','2100-01-02T03:04:05.678901Z','x','USER_UPLOAD','x','x');
CREATE TABLE leonidas_schema (
	revision TEXT NOT NULL, 
	compatible_from TEXT NOT NULL
);
INSERT INTO "leonidas_schema" VALUES('0003','0002');
CREATE TABLE members (
	version BIGINT NOT NULL, 
	schema_version BIGINT NOT NULL, 
	created_at TEXT NOT NULL, 
	updated_at TEXT NOT NULL, 
	project_id TEXT NOT NULL, 
	member TEXT NOT NULL, 
	role TEXT NOT NULL, 
	added_by TEXT NOT NULL, 
	CONSTRAINT pk_members PRIMARY KEY (project_id, member)
);
INSERT INTO "members" VALUES(1,1,'2100-01-02T03:04:05.678901Z','2100-01-02T03:04:05.678901Z','x','x','viewer','x');
CREATE TABLE messages (
	version BIGINT NOT NULL, 
	schema_version BIGINT NOT NULL, 
	created_at TEXT NOT NULL, 
	updated_at TEXT NOT NULL, 
	session_id TEXT NOT NULL, 
	message_id TEXT NOT NULL, 
	role TEXT NOT NULL, 
	content TEXT NOT NULL, 
	tool_calls TEXT NOT NULL, 
	run_id TEXT, 
	run_status TEXT, 
	model TEXT, 
	usage TEXT, content_until BIGINT, said TEXT, exposure TEXT, receipts TEXT, 
	CONSTRAINT pk_messages PRIMARY KEY (session_id, message_id)
);
INSERT INTO "messages" VALUES(1,1,'2100-01-02T03:04:05.678901Z','2100-01-02T03:04:05.678901Z','x','x','USER','x','[{"id":"x","tool":"x","arguments":{"x":{"a":1}},"code":"x","needs":"none","state":"pending","ok":true,"summary":"x","outputs":[{"x":{"a":1}}],"frames":[{"name":"x","file_id":"x","content_version":1,"filename":"x","frame_hash":"x"}],"elapsed_ms":0.5,"own":[{"name":"x","filename":"x","place":"notebook"}],"overwrites":["x"],"decision":"once","edited":true,"client_reported":true,"step":1,"said":1,"result":{"x":{"a":1}},"told":{"x":{"a":1}},"told_at":"none","answered_by":"x","answered_via":"user","claimed_by":"x","claimed_until":"2100-01-02T03:04:05.678901Z"}]','x','running','x','{"input_tokens":1,"output_tokens":1,"cost":0.5}',1,'x','none','{"checked":1,"derived":[{"text":"x","formula":"x"}],"unmatched":[{"text":"x","start":1,"end":1}]}');
CREATE TABLE projects (
	version BIGINT NOT NULL, 
	schema_version BIGINT NOT NULL, 
	created_at TEXT NOT NULL, 
	updated_at TEXT NOT NULL, 
	unfinished TEXT, 
	worker_id TEXT, 
	lease_until TEXT, 
	project_id TEXT NOT NULL, 
	name TEXT NOT NULL, 
	description TEXT NOT NULL, 
	owner_id TEXT NOT NULL, 
	data_exposure TEXT, 
	kernel_name TEXT, 
	file_count BIGINT NOT NULL, 
	session_count BIGINT NOT NULL, 
	deleted_at TEXT, python TEXT, models TEXT, tool_rounds BIGINT, run_tokens BIGINT, 
	CONSTRAINT pk_projects PRIMARY KEY (project_id)
);
INSERT INTO "projects" VALUES(1,1,'2100-01-02T03:04:05.678901Z','2100-01-02T03:04:05.678901Z','x','x','2100-01-02T03:04:05.678901Z','x','x','x','x','none','x',1,1,'2100-01-02T03:04:05.678901Z','ask','["x"]',1,1);
CREATE TABLE run_events (
	version BIGINT NOT NULL, 
	schema_version BIGINT NOT NULL, 
	created_at TEXT NOT NULL, 
	updated_at TEXT NOT NULL, 
	run_id TEXT NOT NULL, 
	number BIGINT NOT NULL, 
	event TEXT NOT NULL, 
	data TEXT NOT NULL, 
	expires_at TEXT NOT NULL, 
	CONSTRAINT pk_run_events PRIMARY KEY (run_id, number)
);
INSERT INTO "run_events" VALUES(1,1,'2100-01-02T03:04:05.678901Z','2100-01-02T03:04:05.678901Z','x',1,'x','{"x":{"a":1}}','2100-01-02T03:04:05.678901Z');
CREATE TABLE runs (
	version BIGINT NOT NULL, 
	schema_version BIGINT NOT NULL, 
	created_at TEXT NOT NULL, 
	updated_at TEXT NOT NULL, 
	unfinished TEXT, 
	worker_id TEXT, 
	lease_until TEXT, 
	run_id TEXT NOT NULL, 
	cancel_requested BOOLEAN NOT NULL, 
	session_id TEXT NOT NULL, 
	project_id TEXT NOT NULL, 
	user_id TEXT NOT NULL, 
	question_id TEXT NOT NULL, 
	message_id TEXT NOT NULL, 
	model TEXT NOT NULL, 
	exposure TEXT NOT NULL, 
	status TEXT NOT NULL, 
	active_session TEXT, 
	cut_from TEXT, 
	error TEXT, 
	finished_at TEXT, counted TEXT, executor TEXT, kernel_id TEXT, paused_at BIGINT, frames TEXT, 
	CONSTRAINT pk_runs PRIMARY KEY (run_id)
);
INSERT INTO "runs" VALUES(1,1,'2100-01-02T03:04:05.678901Z','2100-01-02T03:04:05.678901Z','x','x','2100-01-02T03:04:05.678901Z','x',1,'x','x','x','x','x','x','none','running','x','x','x','2100-01-02T03:04:05.678901Z','{"input_tokens":1,"output_tokens":1,"cost":0.5}','session','x',1,'[{"name":"x","columns":[{"name":"x","type":"x"}]}]');
CREATE TABLE sessions (
	version BIGINT NOT NULL, 
	schema_version BIGINT NOT NULL, 
	created_at TEXT NOT NULL, 
	updated_at TEXT NOT NULL, 
	unfinished TEXT, 
	worker_id TEXT, 
	lease_until TEXT, 
	session_id TEXT NOT NULL, 
	project_id TEXT NOT NULL, 
	title TEXT NOT NULL, 
	message_count BIGINT NOT NULL, 
	last_message_at TEXT, 
	data_exposure TEXT, 
	context_from TEXT, 
	deleted_at TEXT, summary TEXT, input_tokens BIGINT, output_tokens BIGINT, cost_micros BIGINT, python_allowed TEXT, 
	CONSTRAINT pk_sessions PRIMARY KEY (session_id)
);
INSERT INTO "sessions" VALUES(1,1,'2100-01-02T03:04:05.678901Z','2100-01-02T03:04:05.678901Z','x','x','2100-01-02T03:04:05.678901Z','x','x','x',1,'2100-01-02T03:04:05.678901Z','none','x','2100-01-02T03:04:05.678901Z','{"text":"x","until":"x","exposure":"none","written":true}',1,1,1,'["x"]');
CREATE TABLE token_families (
	version BIGINT NOT NULL, 
	schema_version BIGINT NOT NULL, 
	created_at TEXT NOT NULL, 
	updated_at TEXT NOT NULL, 
	family_id TEXT NOT NULL, 
	user_id TEXT NOT NULL, 
	generation BIGINT NOT NULL, 
	revoked_at TEXT, 
	expires_at TEXT NOT NULL, kernel BOOLEAN, 
	CONSTRAINT pk_token_families PRIMARY KEY (family_id)
);
INSERT INTO "token_families" VALUES(1,1,'2100-01-02T03:04:05.678901Z','2100-01-02T03:04:05.678901Z','x','x',1,'2100-01-02T03:04:05.678901Z','2100-01-02T03:04:05.678901Z',1);
CREATE TABLE usage (
	version BIGINT NOT NULL, 
	schema_version BIGINT NOT NULL, 
	created_at TEXT NOT NULL, 
	updated_at TEXT NOT NULL, 
	subject TEXT NOT NULL, 
	entry TEXT NOT NULL, 
	day TEXT NOT NULL, 
	model TEXT NOT NULL, 
	runs BIGINT NOT NULL, 
	input_tokens BIGINT NOT NULL, 
	output_tokens BIGINT NOT NULL, 
	cost_micros BIGINT NOT NULL, 
	expires_at TEXT NOT NULL, 
	CONSTRAINT pk_usage PRIMARY KEY (subject, entry)
);
INSERT INTO "usage" VALUES(1,1,'2100-01-02T03:04:05.678901Z','2100-01-02T03:04:05.678901Z','x','x','x','x',1,1,1,1,'2100-01-02T03:04:05.678901Z');
CREATE TABLE users (
	version BIGINT NOT NULL, 
	schema_version BIGINT NOT NULL, 
	created_at TEXT NOT NULL, 
	updated_at TEXT NOT NULL, 
	unfinished TEXT, 
	worker_id TEXT, 
	lease_until TEXT, 
	user_id TEXT NOT NULL, 
	username TEXT NOT NULL, 
	email TEXT, 
	password_hash TEXT, 
	role TEXT NOT NULL, 
	CONSTRAINT pk_users PRIMARY KEY (user_id)
);
INSERT INTO "users" VALUES(1,1,'2100-01-02T03:04:05.678901Z','2100-01-02T03:04:05.678901Z','x','x','2100-01-02T03:04:05.678901Z','x','x','x','x','user');
CREATE INDEX ix_files_project ON files (project_id, created_at, file_id);
CREATE INDEX ix_files_unfinished ON files (unfinished, lease_until, file_id);
CREATE UNIQUE INDEX uq_files_frame_key ON files (frame_key);
CREATE INDEX ix_members_member ON members (member, created_at, project_id);
CREATE INDEX ix_projects_owner ON projects (owner_id, created_at, project_id);
CREATE INDEX ix_projects_unfinished ON projects (unfinished, lease_until, project_id);
CREATE INDEX ix_run_events_ttl ON run_events (expires_at);
CREATE INDEX ix_runs_by_session ON runs (session_id, created_at, run_id);
CREATE INDEX ix_runs_unfinished ON runs (unfinished, lease_until, run_id);
CREATE UNIQUE INDEX uq_runs_active_session ON runs (active_session);
CREATE INDEX ix_sessions_project ON sessions (project_id, created_at, session_id);
CREATE INDEX ix_sessions_unfinished ON sessions (unfinished, lease_until, session_id);
CREATE INDEX ix_token_families_ttl ON token_families (expires_at);
CREATE INDEX ix_token_families_user ON token_families (user_id, created_at, family_id);
CREATE INDEX ix_users_unfinished ON users (unfinished, lease_until, user_id);
CREATE UNIQUE INDEX uq_users_email ON users (email);
CREATE UNIQUE INDEX uq_users_username ON users (username);
CREATE INDEX ix_usage_ttl ON usage (expires_at);
COMMIT;
