/**
 * Connection to our tables in which an unqualified name means `public` and nothing else. The default path begins with "$user":
 * whoever may create a schema of that name could put its own tables, and triggers, in front of ours. The database says the same
 * for everybody else's sessions; a role may undo that for itself, not this.
 *
 * @param url connection string; an `options` of its own would win over the path
 */
export function pinned(url: string): { connectionString: string; options: string } {
  return { connectionString: url, options: '-c search_path=public' };
}
